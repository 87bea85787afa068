import type { Alteration, Program, Rule } from '../../forensics/counterfactual/alteration.ts'
import { shimCode } from '../../forensics/counterfactual/shim.ts'
import { messageOf } from '../../kit/error.ts'
import { sha256 } from '../../kit/json.ts'
import type { Counterfactual, Outcome } from '../../model/counterfactual.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import { isProfit, type Profit, profitIn, type Regression } from '../../model/regression.ts'
import type { Ran, RegressionNode } from '../regress/node.ts'
import { failureOf } from './failure.ts'
import { type Slot, strangers, unfrozen } from './unfrozen.ts'

/** Several times the cost of a hop through other code: gas units. */
const EXTRA_GAS = 2_000_000n

export type Laboratory = {
  node: RegressionNode
  regression: Regression
  /** The run without any alteration. */
  recorded: readonly Ran[]
  /** Code of each altered contract in which nothing is altered → the problem with that run; null if there is none. */
  controls: Map<Address, string | null>
  /** The values of slots before the attack; null if there is no node to ask. Throws the errors of the node. */
  lookUp: ((slots: readonly Slot[]) => Promise<Stored[]>) | null
}

export type Stored = Slot & { value: Hash }

/**
 * Runs the attack again with one alteration; null if it would alter nothing (a price that did not move). Never throws:
 * an error makes it inconclusive.
 */
export async function tryAlteration(lab: Laboratory, alteration: Alteration): Promise<Counterfactual | null> {
  try {
    const program = await settled(alteration.program, lab, alteration.at)
    if (program === null) return null
    const wrong = await controlOf(lab, alteration.at)
    if (wrong !== null) return inconclusive(alteration, wrong)
    const run = { at: alteration.at, program, storage: [] }
    const ran = await runWith(lab, run)
    return judged(lab, alteration, await completed(lab, run, ran))
  } catch (thrown) {
    return inconclusive(alteration, `it could not be run: ${messageOf(thrown).slice(0, 200)}`)
  }
}

type Settled = Exclude<Program, { kind: 'held' }>

/** Asks for the answers from before the attack; null if they equal those given in it. */
async function settled(program: Program, { node }: Laboratory, at: Address): Promise<Settled | null> {
  if (program.kind !== 'held') return program
  const { reader, asked } = program
  const rules: Rule[] = []
  let moved = false
  for (const { input, answers } of asked) {
    const output = await node.ask({ from: reader, to: at, input })
    if (output === null || output === '0x') continue
    moved ||= answers.some((answer) => answer !== output)
    rules.push({ from: [reader], match: { kind: 'calldata', input }, reply: { kind: 'answer', output } })
  }
  return moved ? { kind: 'rules', rules } : null
}

async function controlOf(lab: Laboratory, at: Address): Promise<string | null> {
  const known = lab.controls.get(at)
  if (known !== undefined) return known
  const ran = await runWith(lab, { at, program: { kind: 'nothing' } })
  const same = JSON.stringify(lasting(ran)) === JSON.stringify(lasting(lab.recorded))
  const wrong = same
    ? null
    : `code put before ${at} changes what happens even where it alters nothing (gas, or a look at its own code)`
  lab.controls.set(at, wrong)
  return wrong
}

/**
 * The properties that a control must share with the recorded run: which transactions succeeded, and which assets moved.
 */
function lasting(ran: readonly Ran[]): unknown {
  return ran.map(({ succeeded, changes }) => [
    succeeded,
    changes.map(({ account, asset, amount }) => `${account} ${asset} ${amount}`),
  ])
}

type Run = { at: Address; program: Settled; storage?: readonly Stored[] }

/** Each time that slots are added, the run may reach further slots. */
const MOST_LOOK_UPS = 3
const MOST_SLOTS = 500

type Completed = { ran: readonly Ran[]; unknown: number }

/**
 * Runs it again with the chain's values where the altered run read slots that were not frozen, if there is a node to
 * ask.
 */
async function completed(lab: Laboratory, run: Run, first: readonly Ran[]): Promise<Completed> {
  const storage: Stored[] = []
  let ran = first
  for (let n = 0; ; n++) {
    const asked = new Set(storage.map(({ address, slot }) => `${address} ${slot}`))
    const missing = unfrozen(ran, lab).filter(({ address, slot }) => !asked.has(`${address} ${slot}`))
    const isEnd = missing.length === 0 || n === MOST_LOOK_UPS || missing.length > MOST_SLOTS
    if (isEnd || lab.lookUp === null) {
      const unknown = missing.length + strangers(ran, { ...lab, own: originalOf(run.at) }).length
      return { ran, unknown }
    }
    const found = await lab.lookUp(missing)
    storage.push(...found)
    if (found.some(({ value }) => BigInt(value) !== 0n)) ran = await runWith(lab, { ...run, storage })
  }
}

/** The address of a contract's own code while other code stands in front of it. */
function originalOf(at: Address): Address {
  return `0x${sha256(`cordon original of ${at}`).slice(0, 40)}`
}

function runWith({ node, regression }: Laboratory, { at, program, storage = [] }: Run): Promise<Ran[]> {
  const original = originalOf(at)
  const own: Hex = regression.prestate[at]?.code ?? '0x'
  const code = new Map<Address, Hex>([
    [original, own],
    [at, shimCode(program, original)],
  ])
  return node.run({ code, storage, extraGas: EXTRA_GAS, watch: 'touched' })
}

function judged(
  { regression, recorded }: Laboratory,
  alteration: Alteration,
  { ran, unknown }: Completed,
): Counterfactual {
  const profit = totalProfit(ran, regression)
  const outcome = outcomeOf(profit, totalProfit(recorded, regression))
  const isBlind = outcome === 'profit-gone' && unknown > 0
  const passing = recorded.filter(({ frozen, succeeded }) => frozen.is === 'legitimate' && succeeded)
  const still = ran.filter(
    ({ frozen, succeeded }) => succeeded && passing.some((before) => before.frozen === frozen),
  )
  const failure = failureOf(ran)
  const reason = isBlind
    ? `it went where the recorded attack did not; slots or accounts that were not frozen and look empty: ${unknown}`
    : (failure ?? reasonOf(outcome))
  return {
    ...toldOf(alteration),
    outcome: isBlind ? 'inconclusive' : outcome,
    gained: profit.gained,
    givenMore: profit.givenMore,
    legitimate: { passed: still.length, of: passing.length },
    reason,
  }
}

/** All transactions of the attack together: one may invest the earnings of another. */
export function totalProfit(ran: readonly Ran[], regression: Regression): Profit {
  const changes = ran.flatMap((one) => (one.frozen.is === 'attack' && one.succeeded ? one.changes : []))
  return profitIn(changes, regression)
}

function outcomeOf(now: Profit, then: Profit): Outcome {
  if (!isProfit(now)) return 'profit-gone'
  const isWhole = [...then.gained, ...then.lost].every(({ account, asset, amount }) =>
    [...now.gained, ...now.lost].some(
      (one) => one.account === account && one.asset === asset && one.amount >= amount,
    ),
  )
  return isWhole ? 'profit-remains' : 'part-remains'
}

function reasonOf(outcome: Outcome): string {
  return outcome === 'profit-gone'
    ? 'it goes through and pays nothing that was not paid for'
    : 'it goes through'
}

function toldOf({
  kind,
  contract,
  function: name,
  transactionHash,
  frame,
  statement,
  speaksFor,
}: Alteration) {
  return {
    alteration: kind,
    contract,
    function: name,
    transactionHash,
    frame,
    statement,
    speaksFor: [...speaksFor],
  }
}

function inconclusive(alteration: Alteration, reason: string): Counterfactual {
  return {
    ...toldOf(alteration),
    outcome: 'inconclusive',
    gained: [],
    givenMore: [],
    legitimate: { passed: 0, of: 0 },
    reason,
  }
}
