import type {
  Broadcast,
  ContainmentPlan,
  LossCompared,
  Simulation,
  Verification,
} from '../model/containment.ts'
import type { AssetChange } from '../model/finding.ts'
import { counted, shareText } from '../words/share.ts'
import { listed } from './outcome.ts'

type Planned = Pick<ContainmentPlan, 'lever' | 'purpose'>

/**
 * The result of a simulation, in words of the record (base units, full addresses, selectors: `readable` shortens them):
 * the amount that the attack takes with the lever and without it, and the other callers that the lever stops.
 */
export function simulationText(
  { lever }: Planned,
  simulation: Simulation,
  before: readonly AssetChange[] = [],
): string {
  const { atBlock, leverSucceeded, attack, method } = simulation
  const where = `(tried on the state of block ${atBlock}, ${method})`
  if (!leverSucceeded) return `${lever.signature} fails ${where}.`
  const said = {
    stopped: `With ${lever.signature} the attack takes nothing${withoutText(simulation, before)}`,
    reduced: `With ${lever.signature} the attack takes less: ${lessText(simulation)}`,
    'not-stopped': `${lever.signature} does NOT stop the attack${takesText(simulation)}`,
    'not-reproduced': `${lever.signature} works; the attack does not take here what it took on the chain, so it could not be tried`,
    'not-run': `${lever.signature} works; there is no attack transaction to try it on`,
  }[attack]
  return `${said} ${where}.${blockedText(simulation)}`
}

/** The taken share of the account's earlier balance, if that is known. */
function withoutText({ losses }: Simulation, before: readonly AssetChange[]): string {
  const share = ({ account, asset, without }: LossCompared): string => {
    const had = before.find((one) => one.account === account && one.asset === asset)
    return had === undefined || had.amount === 0n ? '' : ` (${shareText(without, had.amount)})`
  }
  const taken = losses.filter(({ without }) => without > 0n)
  if (taken.length === 0) return ''
  return `; without it ${listed(taken.map((loss) => `${loss.without} of ${loss.asset}${share(loss)} from ${loss.account}`))}`
}

function lessText({ losses }: Simulation): string {
  const taken = losses.filter(({ without }) => without > 0n)
  return listed(
    taken.map((loss) => `${loss.with} of ${loss.asset} from ${loss.account} instead of ${loss.without}`),
  )
}

function takesText({ losses }: Simulation): string {
  const taken = losses.filter((loss) => loss.with > 0n)
  if (taken.length === 0) return ''
  return `: it still takes ${listed(taken.map((loss) => `${loss.with} of ${loss.asset} from ${loss.account}`))}`
}

function blockedText({ opEffects, blastRadius }: Simulation): string {
  const blocked = Object.entries(opEffects).flatMap(([selector, effect]) =>
    effect === 'blocked' ? [selector] : [],
  )
  if (blastRadius === null) return ''
  if (blocked.length === 0) return ' It blocks no other recently used function.'
  const { functions, callers, contracts } = blastRadius
  const built = contracts === 0 ? '' : `, ${counted(contracts, 'contract')} among them`
  return ` It blocks ${listed(blocked)} for everybody (${blocked.length} of the ${counted(functions, 'function')} used lately; ${counted(callers, 'caller')}${built}).`
}

/** States that a containment transaction is in a block, or its state otherwise. */
export function minedText({ lever, purpose }: Planned, { state, blockNumber }: Broadcast): string {
  if (state === 'mined') return `${lever.signature} is mined in block ${blockNumber}.`
  const failed = purpose === 'contain' ? 'Containment failed' : 'Reopening failed'
  return `${failed}: the transaction with ${lever.signature} is ${state}${blockNumber === null ? '' : ` in block ${blockNumber}`}.`
}

/** Whether the promised effect holds on the chain; each part that does not, with the answer. */
export function verifiedText(
  { lever, purpose }: Planned,
  { verified, checks, atBlock }: Verification,
): string {
  const [done, failed] =
    purpose === 'contain'
      ? ['Contained and verified', 'Containment failed']
      : ['Reopened and verified', 'Reopening failed']
  const broken = checks.filter(({ passed }) => !passed)
  if (verified)
    return `${done}: ${lever.signature} of ${lever.target} holds at block ${atBlock} (${checks.length} of ${checks.length} checks).`
  const why = broken.map(({ check, detail }) => `check failed: ${check} (${detail})`).slice(0, 3)
  return `${failed}: ${lever.signature} of ${lever.target} does not hold at block ${atBlock}; ${why.join('; ') || 'nothing could be checked'}.`
}
