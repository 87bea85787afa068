import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { backtest, readLabels } from '../app/backtest.ts'
import { backtestPage, describeBacktest } from '../app/backtest-text.ts'
import { addressOf } from '../app/config/load.ts'
import { withRules } from '../app/rules/files.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { listOf, RULES_OPTION, rulesNamed, withOutput } from './options.ts'
import { blockNumber } from './record.ts'

type Options = {
  json?: boolean
  verbose?: boolean
  labels: string
  protect?: string
  protectLabelled?: boolean
  trainBefore?: string
  pauseHours: string
  html?: string
  rules?: string
}

export function registerBacktest(program: Command, run: RunCommand): void {
  const command = program
    .command('backtest <files...>')
    .description('mark detection over recorded files against labels, with exact intervals')
    .requiredOption('--labels <file>', 'what the transactions were (docs/guides/backtest.md)')
    .option('--protect <addresses>', 'contracts to protect, separated by commas (default: watch everything)')
    .option('--protect-labelled', 'protect, in each file, the contracts that its labels call vulnerable')
    .option('--train-before <block>', 'blocks below it teach and are not counted')
    .option('--pause-hours <n>', 'hours that a needless pause is taken to last', '4')
    .option(...RULES_OPTION)
    .option('--html <file>', 'write a report with plots')
  withOutput(command).action((files: string[], options: Options) =>
    run(options, (io) => mark(files, options, io)),
  )
}

async function mark(files: readonly string[], options: Options, io: Io): Promise<number> {
  const { trainBefore } = options
  const report = await backtest({
    files,
    labels: await readLabels(options.labels),
    protect: listOf(options.protect).map(addressOf),
    protectLabelled: options.protectLabelled === true,
    ...(trainBefore === undefined ? {} : { trainBefore: blockNumber(trainBefore, '--train-before') }),
    detectors: await withRules({}, rulesNamed(options)),
    pauseHours: Number(options.pauseHours) || 4,
    progress: (file, judged) => io.progress(`${file} · ${judged} transactions`),
    signal: io.signal,
  })
  io.emit(report)
  for (const line of describeBacktest(report)) io.say(line)
  if (options.html !== undefined) {
    await writeFile(options.html, backtestPage(report))
    io.say(`report: ${options.html}`)
  }
  return EXIT.ok
}
