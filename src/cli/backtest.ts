import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { BacktestOptions } from '../backtest/backtest.ts'
import { backtest, readLabels } from '../backtest/backtest.ts'
import { backtestPage, describeBacktest } from '../backtest/backtest-text.ts'
import { trainEndOf } from '../backtest/train-end.ts'
import { loadCalibration } from '../files/calibration.ts'
import { addressOf } from '../model/given-address.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT, tellError } from './io.ts'
import { loadedOrFail } from './loaded.ts'
import { listOf, positive, RULES_OPTION, rulesNamed, withOutput } from './options.ts'
import { blockNumber } from './record.ts'
import { progressBar, RESUME_OPTION, WORKERS_OPTION, wholeNumber } from './side-by-side.ts'

type Options = {
  json?: boolean
  verbose?: boolean
  config?: string
  calibration?: string
  labels: string
  protect?: string
  protectLabelled?: boolean
  trainBefore?: string
  pauseHours: string
  actionBlocks: string
  perDay?: string
  workers?: string
  resume?: string
  html?: string
  rules?: string
  open: boolean
}

export function registerBacktest(program: Command, run: RunCommand): void {
  const command = program
    .command('backtest <files...>')
    .description('score detection on recorded files against labels, with exact intervals')
    .requiredOption('--labels <file>', 'what the transactions were (docs/guides/backtest.md)')
    .option('--protect <addresses>', 'contracts to protect, separated by commas (default: watch everything)')
    .option('--protect-labelled', 'protect, in each file, the contracts that its labels call vulnerable')
    .option(
      '--train-before <moment>',
      'block, Unix seconds or ISO date: earlier data trains and is not scored',
    )
    .option('-c, --config <file>', 'configuration with detector options, shadow, rules and calibration')
    .option(
      '--calibration <file>',
      'scores and thresholds (default: those of the configuration, else the shipped ones)',
    )
    .option(...RULES_OPTION)
    .option('--pause-hours <n>', 'assumed length of a needless pause, hours', '4')
    .option('--action-blocks <n>', 'blocks from the alert to the action', '1')
    .option('--per-day <n>', 'your transactions a day, for the alert budget (default: the calibration’s)')
    .option('--no-open', 'do not compare with the same files while nothing is protected (half the time)')
    .option(...WORKERS_OPTION)
    .option(...RESUME_OPTION)
    .option('--html <file>', 'write a report with plots')
  withOutput(command).action((files: string[], options: Options) =>
    run(options, (io) => mark(files, options, io)),
  )
}

/** A file that cannot be read is reported and the others count; the exit code shows it at the end. */
async function mark(files: readonly string[], options: Options, io: Io): Promise<number> {
  const report = await backtest({
    files,
    ...(await detectionOf(options, io)),
    labels: await readLabels(options.labels),
    protect: listOf(options.protect).map(addressOf),
    protectLabelled: options.protectLabelled === true,
    ...(options.trainBefore === undefined ? {} : { trainBefore: trainEndOf(options.trainBefore) }),
    pauseHours: positive(options.pauseHours, '--pause-hours'),
    actionBlocks: blockNumber(options.actionBlocks, '--action-blocks'),
    perDay: options.perDay === undefined ? undefined : positive(options.perDay, '--per-day'),
    workers: options.workers === undefined ? undefined : wholeNumber(options.workers, '--workers'),
    resume: options.resume,
    compareOpen: options.open,
    onFailure: (_file, thrown) => tellError(thrown, io.json),
    progress: progressBar(io),
    signal: io.signal,
  })
  io.emit(report)
  for (const line of describeBacktest(report)) io.say(line)
  if (options.html !== undefined) {
    await writeFile(options.html, backtestPage(report))
    io.say(`report: ${options.html}`)
  }
  return report.failed.length > 0 ? EXIT.failed : EXIT.ok
}

type Detection = Pick<BacktestOptions, 'detectors' | 'shadow' | 'rules' | 'calibration' | 'pauseCostBps'>

async function detectionOf(options: Options, io: Io): Promise<Detection> {
  const rules = rulesNamed(options)
  if (options.config === undefined)
    return { rules: rules ?? 'shipped', calibration: await loadCalibration(options.calibration) }
  const { config } = await loadedOrFail({ config: options.config }, io)
  return {
    detectors: config.detectors,
    shadow: config.shadow,
    rules: rules ?? config.rules ?? 'shipped',
    calibration: await loadCalibration(options.calibration ?? config.calibration),
    pauseCostBps: config.decision.pauseCostBps,
  }
}
