import type { Address, Hex } from '../../model/hex.ts'
import { addressIn, givenAddress, readOf, wordOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Safe 1.3 and 1.4: the owners' levers against a stolen module or stolen keys of their own. */
const SENTINEL = wordOf(1n).replace(/^0x0{24}/, '0x') as Address
const MOST_MODULES = 64n
/** keccak256("guard_manager.guard.address") */
const GUARD_SLOT = 0x4a204f620c8c5ccdca3fd54d003badd85ba500436a431f0cbda4f558c93c34c8n
const base = {
  protocol: 'Safe',
  breadth: 'account',
  claims: {},
  tried: { on: 'package', what: '@safe-global/safe-contracts 1.4.1 and @gnosis.pm/safe-contracts 1.3.0' },
} as const

export const safeTemplates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'safe/disable-module',
    kind: 'revoke',
    signature: 'disableModule(address,address)',
    recognisedBy: ['disableModule(address,address)', 'getModulesPaginated(address,uint256)'],
    needs: ['module'],
    trap: 'the module itself may change the list first, so that the module named before it is another one and the call reverts; what it signed or queued elsewhere stays',
    find: disableModule,
  },
  {
    ...base,
    id: 'safe/set-guard',
    kind: 'isolate',
    signature: 'setGuard(address)',
    recognisedBy: ['setGuard(address)', 'getStorageAt(uint256,uint256)', 'getThreshold()'],
    needs: ['guard'],
    zeroMeaning: 'a guard of 0 takes the guard away and lets everything pass',
    trap: 'a guard sees only what owners sign: modules pass it by; a guard that refuses everything locks the owners out for good: only a module could take it away',
    find: setGuard,
  },
]

async function disableModule({ target, ask, given }: Subject): Promise<Found[]> {
  const module = givenAddress(given, 'module')
  const view = 'getModulesPaginated(address,uint256) view returns (address[], address)'
  const [list] = (await ask(target, view, [SENTINEL, MOST_MODULES])) ?? []
  const modules: readonly unknown[] = Array.isArray(list) ? list : []
  const at = modules.indexOf(module)
  const before = at === 0 ? SENTINEL : addressIn(modules, at - 1)
  if (module === undefined || at < 0 || before === undefined) return []
  return [
    {
      target,
      caller: target,
      args: [before, module],
      scope: `module ${module}`,
      state: [
        readOf(target, 'isModuleEnabled(address) view returns (bool)', { args: [module], pulled: 'clear' }),
      ],
      undo: { signature: 'enableModule(address)', args: [module] },
      evidence: [`enabled modules: ${modules.length}; the Safe itself must call, so its owners sign`],
    },
  ]
}

async function setGuard({ target, ask, given }: Subject): Promise<Found[]> {
  const guard = givenAddress(given, 'guard')
  const view = 'getStorageAt(uint256,uint256) view returns (bytes)'
  const [stored] = (await ask(target, view, [GUARD_SLOT, 1n])) ?? []
  if (guard === undefined || BigInt(guard) === 0n || typeof stored !== 'string') return []
  const before = stored.length === 66 ? (`0x${stored.slice(26)}` as Hex) : undefined
  if (before === undefined) return []
  return [
    {
      target,
      caller: target,
      args: [guard],
      scope: `guard ${guard}`,
      // The slot is returned as bytes: offset, length, and then its word.
      state: [readOf(target, view, { args: [GUARD_SLOT, 1n], word: 2, pulled: wordOf(BigInt(guard)) })],
      undo: { signature: 'setGuard(address)', args: [before] },
      evidence: [`the guard now: ${before}`],
    },
  ]
}
