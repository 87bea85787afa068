import { toFunctionSelector } from 'viem'
import { leverTemplates } from '../../src/contain/levers/registry.ts'
import { discoverLevers } from '../../src/contain/planning/discover.ts'
import type { Code } from '../../src/contain/reading/code.ts'
import type { Address, Hex } from '../../src/model/hex.ts'
import type { Lever } from '../../src/model/lever.ts'
import { functionNames } from '../../src/names/function-names.ts'
import type { StateFork } from '../../test/harness/state-fork.ts'

/** A function that sounds like a lever, and the reason why no lever offers it. */
export type Missed = { signature: string; contracts: number; reason: string }

const SOUNDS =
  /paus|freez|frozen|halt|emergency|shutdown|kill|lock(?!s|ed)|disable|suspend|blacklist|blackList|stop|cap(?!acity)|setclosed/i
/** Names of views and of ordinary use that sound like it. */
const MORE = [
  ...['paused()', 'unpause()', 'isPaused()', 'pauser()', 'pauseGuardian()', 'emergencyWithdraw(uint256)'],
  ...[
    'emergencyWithdraw()',
    'lock(uint256)',
    'unlock(uint256)',
    'unlock()',
    'getPausedState()',
    'killGauge(address)',
  ],
  ...['updatePauser(address)', '_setPauseGuardian(address)', 'setPauser(address)', 'isBlacklisted(address)'],
  ...[
    '_setMarketBorrowCaps(address[],uint256[])',
    '_setMarketSupplyCaps(address[],uint256[])',
    '_setBorrowCapGuardian(address)',
  ],
  ...[
    'mintGuardianPaused(address)',
    'borrowGuardianPaused(address)',
    'seizeGuardianPaused()',
    'transferGuardianPaused()',
  ],
  ...['_setPauseGuardian(address)', 'pauseGuardian()', '_mintGuardianPaused()', '_borrowGuardianPaused()'],
  ...[
    'unBlacklist(address)',
    'updateBlacklister(address)',
    'blacklister()',
    'pauseSwap(uint256)',
    'setSwapFee(uint256)',
  ],
] as const

const names: ReadonlyMap<Hex, string> = new Map([
  ...MORE.map((signature) => [toFunctionSelector(signature), signature] as const),
  ...functionNames,
])
const templates = new Map(leverTemplates.map((template) => [template.signature, template] as const))

/** Functions of all contracts of a recorded state that sound like a lever and that no lever calls, with the reason. */
export async function missedOn({
  fork,
  codes,
  offered,
}: {
  fork: StateFork
  codes: ReadonlyMap<Address, Code>
  offered: readonly Lever[]
}): Promise<Missed[]> {
  const { rpc, chainId, forkBlock: block } = fork
  const counts = new Map<string, Missed>()
  const behind = new Set(
    [...codes].flatMap(([at, { implementation }]) => (implementation === at ? [] : [implementation])),
  )
  for (const [target, { selectors }] of codes) {
    const levers = [
      ...offered.filter((lever) => lever.target === target),
      ...(await discoverLevers({ rpc, chainId, target, block })),
    ]
    const called = new Set(
      levers.flatMap(({ calldata, undo }) => [calldata.slice(0, 10), undo?.calldata.slice(0, 10)]),
    )
    for (const selector of selectors) {
      const signature = names.get(selector)
      if (signature === undefined || !SOUNDS.test(signature) || called.has(selector)) continue
      const reason = behind.has(target) ? 'code behind a proxy: offered on the proxy' : reasonOf(signature)
      const key = `${signature}: ${reason}`
      counts.set(key, { signature, reason, contracts: (counts.get(key)?.contracts ?? 0) + 1 })
    }
  }
  return [...counts.values()]
}

function reasonOf(signature: string): string {
  const template = templates.get(signature)
  if (template?.needs !== undefined) return `for people: it needs ${template.needs.join(', ')}`
  if (template !== undefined)
    return `template ${template.id} does not recognise the contract, or its state does not let it be told`
  if (/^(un|resume|enable|remove)/i.test(signature)) return 'takes a lever back'
  if (/\(\)$|^(is|get)|GuardianPaused/.test(signature)) return 'a view'
  if (/pauser|guardian|blacklister/i.test(signature)) return 'names who may pull it'
  if (/withdraw|lock/i.test(signature)) return 'a function of users'
  if (/cap/i.test(signature))
    return 'a limit: its zero means unlimited in Compound, so it stops nothing by itself'
  return 'no template'
}
