import type { Command } from 'commander'
import { readLabels } from '../backtest/backtest.ts'
import { calibrateFiles, describeCalibration } from '../backtest/calibrate.ts'
import { readVerdicts } from '../backtest/verdicts.ts'
import { CALIBRATION_FILE } from '../files/calibration.ts'
import { CordonError } from '../kit/error.ts'
import { addressOf } from '../model/given-address.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { dataDirOf, loadedOrFail } from './loaded.ts'
import type { CommonOptions } from './options.ts'
import { listOf, positive, withOutput } from './options.ts'
import { retrainFrom, SCORE_FILE } from './retrain.ts'
import { progressBar, RESUME_OPTION, WORKERS_OPTION, wholeNumber } from './side-by-side.ts'

type Options = CommonOptions & {
  labels?: string
  protectLabelled?: boolean
  out?: string
  train?: boolean
  trainBefore?: string
  write?: boolean
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
    .option('--labels <file>', 'what the transactions were (docs/guides/backtest.md)')
    .option(
      '--train',
      'instead retrain the learned score of the detector economics, and compare it with the present one',
    )
    .option(
      '--train-before <moment>',
      'with --train: hold out what is not before this block, Unix seconds or ISO date (default: hold out by files)',
    )
    .option('--write', 'with --train: write the retrained score; otherwise the present one stays')
    .option('--protect <addresses>', 'contracts to protect, separated by commas (default: watch everything)')
    .option('--protect-labelled', 'protect, in each file, the contracts that its labels call vulnerable')
    .option('--page-days <n>', 'at least this many days between false alarms that page', '180')
    .option('--act-days <n>', 'at least this many days between false alarms that act without people', '7')
    .option('--per-day <n>', 'transactions of the protected contracts a day', '200')
    .option('--verdicts', 'also count verdicts on recorded incidents')
    .option('-c, --config <file>', 'configuration: detector options, rules, and the database of --verdicts')
    .option(
      '-o, --out <file>',
      `file to write (default: ${CALIBRATION_FILE}, which Cordon loads if it is next to the configuration; with --train ${SCORE_FILE})`,
    )
    .option(...WORKERS_OPTION)
    .option(...RESUME_OPTION)
    .option('--dry-run', 'write nothing')
  withOutput(command).action((files: string[], options: Options) =>
    run(options, (io) => calibrateFrom(files, options, io)),
  )
}

async function calibrateFrom(files: readonly string[], options: Options, io: Io): Promise<number> {
  if (options.labels === undefined && options.verdicts !== true) throw nothingLabelled()
  const verdicts =
    options.verdicts === true
      ? await readVerdicts({ dataDir: await dataDirOf(options, io), env: io.env, logger: io.logger })
      : []
  if (options.train === true) {
    const isWritten = options.write === true && options.dryRun !== true
    const { labels, config, trainBefore, out = SCORE_FILE } = options
    return retrainFrom({ files, labels, verdicts, config, trainBefore, out: isWritten ? out : null }, io)
  }
  const out = options.dryRun === true ? null : (options.out ?? CALIBRATION_FILE)
  const calibration = await calibrateFiles({
    files,
    labels: options.labels === undefined ? [] : await readLabels(options.labels),
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

function nothingLabelled(): CordonError {
  return new CordonError({
    code: 'app.NothingLabelled',
    message: 'Neither --labels nor --verdicts is given: nothing says which transactions were attacks.',
    fix: 'Give --labels labels.json (docs/guides/backtest.md), --verdicts, or both.',
  })
}
