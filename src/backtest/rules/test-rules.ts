import { dirname, resolve } from 'node:path'
import { readBundles } from '../../chain/bundle/read.ts'
import { createEngine, evaluateSettled } from '../../detect/engine/engine.ts'
import type { CompiledRule } from '../../detect/rules/compile.ts'
import { rules } from '../../detect/rules/rules.ts'
import type { RuleTest } from '../../detect/rules/schema.ts'
import { blockFacts } from '../../facts/facts.ts'
import { CordonError } from '../../kit/error.ts'
import type { Scope } from '../../model/detector.ts'
import type { BlockFacts } from '../../model/fact.ts'
import type { Hash } from '../../model/hex.ts'
import { addressNamed, builtBlocks } from './cases.ts'

/** The result of one test of one rule; a line of `cordon rules test --json`. */
export type RuleTestResult = {
  type: 'rule-test'
  rule: string
  file: string
  test: string
  passed: boolean
  /** Transactions that should have been flagged and were not. */
  missed: Hash[]
  /** Transactions that should not have been flagged and were. */
  wrong: Hash[]
  /** Any other problem; null if there is none. */
  problem: string | null
}

/** Runs every test of a rule, each on a fresh state. Throws the errors of reading a recorded bundle. */
export async function* testRule(compiled: CompiledRule): AsyncGenerator<RuleTestResult> {
  for (const test of compiled.rule.tests) yield await runTest(compiled, test)
  const problem = unprovenBecause(compiled)
  if (problem !== null) yield { ...headOf(compiled, 'stable'), passed: false, missed: [], wrong: [], problem }
}

/** A stable rule has flagged a recorded attack and not flagged its recorded benign twin. Null: nothing is missing. */
function unprovenBecause({ rule }: CompiledRule): string | null {
  if (rule.status !== 'stable') return null
  const recorded = rule.tests.filter((test) => 'bundle' in test)
  const has = (attack: boolean): boolean => recorded.some(({ flags }) => flags.length > 0 === attack)
  if (!has(true)) return 'a stable rule needs a test with a recorded attack that it must flag (bundle, flags)'
  return has(false)
    ? null
    : 'a stable rule needs a test with a recorded benign twin that it must not flag (bundle, no flags)'
}

/** Throws `app.UnprovenRule` if a rule claims to be stable without recordings that show it. */
export function refuseUnproven(compiled: CompiledRule): void {
  const problem = unprovenBecause(compiled)
  if (problem === null) return
  throw new CordonError({
    code: 'app.UnprovenRule',
    message: `The rule ${compiled.file} has status stable: ${problem}.`,
    facts: { file: compiled.file, field: 'status', problem },
    fix: 'Add the recorded tests, or set `status: experimental`.',
  })
}

async function runTest(compiled: CompiledRule, test: RuleTest): Promise<RuleTestResult> {
  const engine = createEngine({
    detectors: [rules],
    scope: scopeOf(test.protect),
    options: { rules: { rules: [compiled] } },
  })
  const flagged = new Set<Hash>()
  const seen = new Set<Hash>()
  const { expected, blocks } = materialOf(compiled, test)
  for await (const facts of blocks) {
    for (const { transaction } of facts.transactions) seen.add(transaction.hash)
    for (const { transactionHash } of evaluateSettled(engine, facts))
      if (transactionHash !== null) flagged.add(transactionHash)
  }
  const missed = [...expected].filter((hash) => !flagged.has(hash))
  const wrong = [...flagged].filter((hash) => !expected.has(hash))
  const unknown = [...expected].filter((hash) => !seen.has(hash))
  const problem =
    unknown.length > 0 ? `not in the bundle: ${unknown.join(', ')}` : failureOf(engine.cells[0]?.state)
  const passed = missed.length === 0 && wrong.length === 0 && problem === null
  return { ...headOf(compiled, test.name), passed, missed, wrong, problem }
}

type Material = { expected: Set<Hash>; blocks: AsyncIterable<BlockFacts> | Iterable<BlockFacts> }

function materialOf({ rule, file }: CompiledRule, test: RuleTest): Material {
  if ('bundle' in test)
    return { expected: new Set(test.flags), blocks: recorded(resolve(dirname(file), test.bundle)) }
  const { blocks, flags } = builtBlocks(test, rule)
  return { expected: flags, blocks }
}

async function* recorded(file: string): AsyncGenerator<BlockFacts> {
  for await (const bundle of readBundles(file)) yield blockFacts(bundle)
}

/** An evaluation that fails on a test's data is a mistake in the rule, even if the result is right. */
function failureOf(state: unknown): string | null {
  const [memory] = (state as ReturnType<typeof rules.init>).memories.values()
  return memory?.failure ?? null
}

function scopeOf(protect: readonly string[]): Scope {
  return protect.length === 0
    ? { kind: 'everything' }
    : { kind: 'contracts', addresses: new Set(protect.map(addressNamed)) }
}

function headOf(
  { rule, file }: CompiledRule,
  test: string,
): Pick<RuleTestResult, 'type' | 'rule' | 'file' | 'test'> {
  return { type: 'rule-test', rule: rule.id, file, test }
}
