import { givenAddress, givenNumber, givenWord, numberIn, readOf, wordOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Zodiac: the owner of a Delay skips the queue, the owner of a Roles modifier removes a stolen key's rights. */
const ASSIGN = 'assignRoles(address,bytes32[],bool[])'
const roles = {
  protocol: 'Zodiac',
  kind: 'revoke',
  breadth: 'account',
  claims: {},
  tried: { on: 'package', what: 'zodiac-roles-sdk 3.4.8, Roles' },
} as const
const ROLES = ['execTransactionWithRole(address,uint256,bytes,uint8,bytes32,bool)', ASSIGN] as const
const NO_SCOPE =
  'takes it from every member of the role; what the scope was has no view: keep it to give it back'

export const zodiacTemplates: readonly LeverTemplate[] = [
  {
    ...roles,
    id: 'zodiac/roles-revoke-member',
    signature: ASSIGN,
    recognisedBy: ROLES,
    needs: ['roleKey', 'member'],
    trap: 'other roles of the member stay; whether it is a member has no view',
    find: async ({ target, given }) => {
      const [member, role] = [givenAddress(given, 'member'), givenWord(given, 'roleKey')]
      if (member === undefined || role === undefined) return []
      const undo = { signature: ASSIGN, args: [member, [role], [true]] }
      return [
        { target, args: [member, [role], [false]], scope: `role ${role} of ${member}`, state: [], undo },
      ]
    },
  },
  {
    ...roles,
    id: 'zodiac/roles-revoke-function',
    signature: 'revokeFunction(bytes32,address,bytes4)',
    recognisedBy: [...ROLES, 'revokeFunction(bytes32,address,bytes4)'],
    needs: ['roleKey', 'callTarget', 'callData'],
    trap: NO_SCOPE,
    find: async ({ target, given }) => {
      const [role, to] = [givenWord(given, 'roleKey'), givenAddress(given, 'callTarget')]
      const selector = /^0x[0-9a-f]{8}/i.exec(given['callData'] ?? '')?.[0]
      if (role === undefined || to === undefined || selector === undefined) return []
      return [
        { target, args: [role, to, selector], scope: `${selector} on ${to} by role ${role}`, state: [] },
      ]
    },
  },
  {
    ...roles,
    id: 'zodiac/roles-revoke-target',
    signature: 'revokeTarget(bytes32,address)',
    recognisedBy: [...ROLES, 'revokeTarget(bytes32,address)'],
    needs: ['roleKey', 'callTarget'],
    trap: NO_SCOPE,
    find: async ({ target, given }) => {
      const [role, to] = [givenWord(given, 'roleKey'), givenAddress(given, 'callTarget')]
      if (role === undefined || to === undefined) return []
      return [{ target, args: [role, to], scope: `all of ${to} by role ${role}`, state: [] }]
    },
  },
  {
    id: 'zodiac/delay-skip',
    protocol: 'Zodiac',
    kind: 'cancel',
    breadth: 'account',
    signature: 'setTxNonce(uint256)',
    recognisedBy: [
      'setTxNonce(uint256)',
      'txNonce()',
      'queueNonce()',
      'executeNextTx(address,uint256,bytes,uint8)',
    ],
    takes: ['item'],
    claims: {},
    trap: 'skips honest items that are queued before it too, for good; an enabled module may queue again',
    tried: { on: 'fixture', what: 'contracts/levers/Delay.sol' },
    find: skip,
  },
]

/** The whole queue, or up to and including item `given.item`. */
async function skip({ ask, target, given }: Subject): Promise<Found[]> {
  const view = 'txNonce() view returns (uint256)'
  const [next, end] = await Promise.all([
    ask(target, view).then(numberIn),
    ask(target, 'queueNonce() view returns (uint256)').then(numberIn),
  ])
  if (next === undefined || end === undefined || next >= end) return []
  const item = givenNumber(given, 'item')
  const to = item === undefined ? end : item + 1n
  if (to <= next || to > end) return []
  return [
    {
      target,
      args: [to],
      scope: `queued items ${next} to ${to - 1n}`,
      state: [readOf(target, view, { pulled: wordOf(to) })],
      evidence: [`${end - next} items are queued; ${to - next} are skipped`],
    },
  ]
}
