import type { Alteration, Program, Rule } from '../../forensics/counterfactual/alteration.ts'
import { shimCode } from '../../forensics/counterfactual/shim.ts'
import { messageOf } from '../../kit/error.ts'
import { sha256 } from '../../kit/json.ts'
import type { Counterfactual, Outcome } from '../../model/counterfactual.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { isProfit, type Profit, profitIn, type Regression } from '../../model/regression.ts'
import type { Ran, RegressionNode } from '../regression-node.ts'
import { failureOf } from './failure.ts'
import { unfrozen } from './unfrozen.ts'

/** What a hop through other code costs many times over: gas units. */
const EXTRA_GAS = 2_000_000n

export type Laboratory = {
  node: RegressionNode
  regression: Regression
  /** The run without any alteration. */
  recorded: readonly Ran[]
  /** Code of each altered contract in which nothing is altered → what is wrong with that; null where nothing is. */
  controls: Map<Address, string | null>
}

/**
 * Runs the attack again with one alteration; null where it would alter nothing (a price that did not move). Never throws:
 * what goes wrong makes it inconclusive.
 */
export async function tryAlteration(lab: Laboratory, alteration: Alteration): Promise<Counterfactual | null> {
  try {
    const program = await settled(alteration.program, lab, alteration.at)
    if (program === null) return null
    const wrong = await controlOf(lab, alteration.at)
    if (wrong !== null) return inconclusive(alteration, wrong)
    const ran = await runWith(lab, { at: alteration.at, program })
    return judged(lab, alteration, ran)
  } catch (thrown) {
    return inconclusive(alteration, `it could not be run: ${messageOf(thrown).slice(0, 200)}`)
  }
}

type Settled = Exclude<Program, { kind: 'held' }>

/** Asks for the answers of before the attack; null where they are those that were given in it. */
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

/** What a control must have in common with the recorded run: who succeeded, and what moved. */
function lasting(ran: readonly Ran[]): unknown {
  return ran.map(({ succeeded, changes }) => [
    succeeded,
    changes.map(({ account, asset, amount }) => `${account} ${asset} ${amount}`),
  ])
}

function runWith(
  { node, regression }: Laboratory,
  { at, program }: { at: Address; program: Settled },
): Promise<Ran[]> {
  const original: Address = `0x${sha256(`cordon original of ${at}`).slice(0, 40)}`
  const own: Hex = regression.prestate[at]?.code ?? '0x'
  const code = new Map<Address, Hex>([
    [original, own],
    [at, shimCode(program, original)],
  ])
  return node.run({ code, extraGas: EXTRA_GAS, watch: 'touched' })
}

function judged(
  { regression, recorded }: Laboratory,
  alteration: Alteration,
  ran: readonly Ran[],
): Counterfactual {
  const profit = totalProfit(ran, regression)
  const outcome = outcomeOf(profit, totalProfit(recorded, regression))
  const unknown = outcome === 'profit-gone' ? unfrozen(ran, { regression, recorded }) : 0
  const passing = recorded.filter(({ frozen, succeeded }) => frozen.is === 'legitimate' && succeeded)
  const still = ran.filter(
    ({ frozen, succeeded }) => succeeded && passing.some((before) => before.frozen === frozen),
  )
  const failure = failureOf(ran)
  const reason =
    unknown > 0
      ? `it went where the recorded attack did not: ${unknown} accounts or slots that were not frozen were read as empty`
      : (failure ?? reasonOf(outcome))
  return {
    ...toldOf(alteration),
    outcome: unknown > 0 ? 'inconclusive' : outcome,
    ...profit,
    legitimate: { passed: still.length, of: passing.length },
    reason,
  }
}

/** All transactions of the attack together: one may invest what another earns. */
export function totalProfit(ran: readonly Ran[], regression: Regression): Profit {
  const changes = ran.flatMap((one) => (one.frozen.is === 'attack' && one.succeeded ? one.changes : []))
  return profitIn(changes, regression)
}

function outcomeOf(now: Profit, then: Profit): Outcome {
  if (!isProfit(now)) return 'profit-gone'
  const isWhole = then.gained.every(({ account, asset, amount }) =>
    now.gained.some((one) => one.account === account && one.asset === asset && one.amount >= amount),
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
