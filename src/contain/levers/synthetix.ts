import { givenWord, readOf } from './reads.ts'
import type { LeverTemplate, Subject } from './template.ts'

/** Synthetix v2: SystemStatus, which Issuer, Exchanger, Synth, Liquidator and the futures markets query first. */
const KINDS = ['borrow', 'repay', 'trade', 'transfer', 'close', 'liquidate'] as const
type Kind = (typeof KINDS)[number]
type Section = {
  name: string
  suspend: string
  resume: string
  view: string
  blocks: readonly Kind[]
  trap: string
  breadth: LeverTemplate['breadth']
  key?: string
}

const WHO = 'who may suspend need not be who may resume: the lists are separate'
const SECTIONS: readonly Section[] = [
  {
    name: 'synth',
    suspend: 'suspendSynth(bytes32,uint256)',
    resume: 'resumeSynth(bytes32)',
    view: 'synthSuspension(bytes32) view returns (bool, uint248)',
    blocks: ['trade', 'transfer'],
    trap: 'holders of this synth can neither sell nor move it',
    breadth: 'asset',
    key: 'currencyKey',
  },
  {
    name: 'futures-market',
    suspend: 'suspendFuturesMarket(bytes32,uint256)',
    resume: 'resumeFuturesMarket(bytes32)',
    view: 'futuresMarketSuspension(bytes32) view returns (bool, uint248)',
    blocks: ['close'],
    trap: 'positions of this market can be neither closed nor topped up, and are not liquidated: what stays open is the liquidation of debt',
    breadth: 'market',
    key: 'marketKey',
  },
  {
    name: 'futures',
    suspend: 'suspendFutures(uint256)',
    resume: 'resumeFutures()',
    view: 'futuresSuspension() view returns (bool, uint248)',
    blocks: ['close'],
    trap: 'positions can be neither closed nor topped up, and are not liquidated: what stays open is the liquidation of debt',
    breadth: 'operation',
  },
  {
    name: 'exchange',
    suspend: 'suspendExchange(uint256)',
    resume: 'resumeExchange()',
    view: 'exchangeSuspension() view returns (bool, uint248)',
    blocks: ['trade', 'close'],
    trap: 'the futures markets ask for it too: it stops them all',
    breadth: 'operation',
  },
  {
    name: 'issuance',
    suspend: 'suspendIssuance(uint256)',
    resume: 'resumeIssuance()',
    view: 'issuanceSuspension() view returns (bool, uint248)',
    blocks: ['borrow', 'repay'],
    trap: 'debt cannot be burnt either while liquidations go on',
    breadth: 'operation',
  },
  {
    name: 'system',
    suspend: 'suspendSystem(uint256)',
    resume: 'resumeSystem()',
    view: 'systemSuspension() view returns (bool, uint248)',
    blocks: KINDS,
    trap: 'nobody can burn debt or leave',
    breadth: 'system',
  },
]
/** 1 means an upgrade in progress. */
const NO_REASON = 0n

export const synthetixTemplates: readonly LeverTemplate[] = SECTIONS.map((section) => ({
  id: `synthetix/suspend-${section.name}`,
  protocol: 'Synthetix v2',
  kind: 'pause',
  breadth: section.breadth,
  signature: section.suspend,
  recognisedBy: [section.suspend, section.resume, 'accessControl(bytes32,address)'],
  claims: Object.fromEntries(
    KINDS.map((kind) => [kind, section.blocks.includes(kind) ? 'blocked' : 'open'] as const),
  ),
  trap: `${section.trap}; ${WHO}`,
  zeroMeaning: 'the number is only a reason: 0 suspends as any other does, 1 says that it is an upgrade',
  ...(section.key === undefined ? {} : { needs: [section.key] }),
  tried: { on: 'package', what: 'synthetix 2.102.1, the gates of SystemStatus' },
  find: async (subject) => suspend(subject, section),
}))

async function suspend({ target, ask, given }: Subject, section: Section) {
  const { key, view, resume } = section
  const word = key === undefined ? undefined : givenWord(given, key)
  const keys = word === undefined ? [] : [word]
  if (key !== undefined && word === undefined) return []
  if ((await ask(target, view, keys)) === null) return []
  return [
    {
      target,
      args: [...keys, NO_REASON],
      scope: word === undefined ? `${section.name} of all` : `${section.name} ${word}`,
      state: [readOf(target, view, { args: keys })],
      undo: { signature: resume, args: keys },
    },
  ]
}
