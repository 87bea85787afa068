import type { Command } from 'commander'
import { refuseUnproven, testRule } from '../backtest/rules/test-rules.ts'
import { loadRules, type RulePaths, ruleFiles } from '../files/rules.ts'
import { printable } from '../kit/text.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT, tellError } from './io.ts'
import { type CommonOptions, load, withOutput } from './options.ts'

type Options = Pick<CommonOptions, 'json' | 'verbose' | 'config'>
type Act = (paths: RulePaths, io: Io) => Promise<number>

export function registerRules(program: Command, run: RunCommand): void {
  const command = program
    .command('rules')
    .description('check and test your own detection rules in YAML (docs/guides/rules.md)')
  const commands: [string, string, Act][] = [
    ['list', 'the rules that would run', list],
    ['check', 'check rule files, run nothing', check],
    ['test', 'run the tests in rule files; exit code 1 if one fails', test],
  ]
  for (const [name, description, act] of commands)
    withOutput(
      command
        .command(`${name} [files...]`)
        .description(description)
        .option('-c, --config <file>', 'configuration (default: cordon.config.ts here)'),
    ).action((files: string[], options: Options) =>
      run(options, async (io) => act(await pathsOf(files, options, io), io)),
    )
}

/** The named files, otherwise those of the configuration, otherwise the shipped ones. */
async function pathsOf(files: readonly string[], options: Options, io: Io): Promise<RulePaths> {
  if (files.length > 0) return files
  const loaded = await load(options, io)
  return loaded.origin === 'none' ? undefined : loaded.config.rules
}

async function list(paths: RulePaths, io: Io): Promise<number> {
  for (const { rule, file, contentHash } of await loadRules(paths)) {
    const { id, title, owner, level, status, on, tests } = rule
    io.emit({ type: 'rule', id, title, owner, level, status, on, tests: tests.length, file, contentHash })
    io.say(
      `${level.padEnd(8)} ${id.padEnd(32)} ${status}, on ${on}, ${tests.length} tests: ${printable(title, 100)}`,
    )
  }
  return EXIT.ok
}

/** Checks every file, so that one run reports all problems. */
async function check(paths: RulePaths, io: Io): Promise<number> {
  const files = await ruleFiles(paths)
  let failed = 0
  const tell = (thrown: unknown): void => {
    tellError(thrown, io.json)
    failed++
  }
  for (const file of files) {
    try {
      const [compiled] = await loadRules([file])
      if (compiled !== undefined) refuseUnproven(compiled)
      io.emit({ type: 'rule-check', file, valid: true })
    } catch (thrown) {
      tell(thrown)
    }
  }
  if (failed === 0) await loadRules(paths).catch(tell)
  io.say(`${files.length} rule files, ${failed} not valid`)
  return failed === 0 ? EXIT.ok : EXIT.failed
}

async function test(paths: RulePaths, io: Io): Promise<number> {
  let failed = 0
  let passed = 0
  for (const compiled of await loadRules(paths)) {
    for await (const result of testRule(compiled)) {
      if (result.passed) passed++
      else failed++
      io.emit(result)
      io.say(`${result.passed ? 'pass' : 'FAIL'}  ${result.rule}: ${printable(result.test, 120)}`)
      for (const hash of result.missed) io.say(`      not flagged: ${hash}`)
      for (const hash of result.wrong) io.say(`      flagged and should not be: ${hash}`)
      if (result.problem !== null) io.say(`      ${printable(result.problem, 300)}`)
    }
  }
  io.say(`${passed} tests passed, ${failed} failed`)
  return failed === 0 ? EXIT.ok : EXIT.failed
}
