import type { Command } from 'commander'
import { readLabels } from '../backtest/backtest.ts'
import { calibrateFiles, describeCalibration } from '../backtest/calibrate.ts'
import { readVerdicts } from '../backtest/verdicts.ts'
import { CALIBRATION_FILE } from '../files/calibration.ts'
import { addressOf } from '../model/given-address.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { dataDirOf, loadedOrFail } from './loaded.ts'
import type { CommonOptions } from './options.ts'
import { listOf, positive, withOutput } from './options.ts'
import { progressBar, RESUME_OPTION, WORKERS_OPTION, wholeNumber } from './side-by-side.ts'

type Options = CommonOptions & {
  labels: string
  protectLabelled?: boolean
  out: string
  dryRun?: boolean
  pageDays: string
  actDays: string
  perDay: string
  verdicts?: boolean
  workers?: string
  resume?: string
}

export function registerCalibrate(program: Command, run: RunCommand): void {
  const command = program
    .command('calibrate <files...>')
    .description('turn recorded outcomes into probabilities and thresholds for a budget of false alarms')
    .requiredOption('--labels <file>', 'what the transactions were (docs/guides/backtest.md)')
    .option('--protect <addresses>', 'contracts to protect, separated by commas (default: watch everything)')
    .option('--protect-labelled', 'protect, in each file, the contracts that its labels call vulnerable')
    .option('--page-days <n>', 'at least this many days between false alarms that page', '180')
    .option('--act-days <n>', 'at least this many days between false alarms that act without people', '7')
    .option('--per-day <n>', 'transactions of the protected contracts a day', '200')
    .option('--verdicts', 'also count verdicts on recorded incidents')
    .option('-c, --config <file>', 'configuration: detector options, rules, and the database of --verdicts')
    .option(
      '-o, --out <file>',
      'file to write; Cordon loads it if it is next to the configuration',
      CALIBRATION_FILE,
    )
    .option(...WORKERS_OPTION)
    .option(...RESUME_OPTION)
    .option('--dry-run', 'write nothing')
  withOutput(command).action((files: string[], options: Options) =>
    run(options, (io) => calibrateFrom(files, options, io)),
  )
}

async function calibrateFrom(files: readonly string[], options: Options, io: Io): Promise<number> {
  const out = options.dryRun === true ? null : options.out
  const verdicts =
    options.verdicts === true
      ? await readVerdicts({ dataDir: await dataDirOf(options, io), env: io.env, logger: io.logger })
      : []
  const calibration = await calibrateFiles({
    files,
    labels: await readLabels(options.labels),
    protect: listOf(options.protect).map(addressOf),
    protectLabelled: options.protectLabelled === true,
    budgets: {
      pageDays: positive(options.pageDays, '--page-days'),
      actDays: positive(options.actDays, '--act-days'),
    },
    perDay: positive(options.perDay, '--per-day'),
    verdicts,
    out,
    ...(await detectionOf(options, io)),
    workers: options.workers === undefined ? undefined : wholeNumber(options.workers, '--workers'),
    resume: options.resume,
    progress: progressBar(io),
    signal: io.signal,
  })
  io.emit(calibration)
  for (const line of describeCalibration(calibration)) io.say(line)
  io.say(out === null ? 'nothing written (--dry-run)' : `written to ${out}`)
  return EXIT.ok
}

/** Detection as configured, because calibration must cover the detectors that run. */
async function detectionOf(options: Options, io: Io) {
  if (options.config === undefined) return { rules: 'shipped' as const }
  const { config } = await loadedOrFail({ config: options.config }, io)
  return { detectors: config.detectors, shadow: config.shadow, rules: config.rules ?? ('shipped' as const) }
}
