import type { Command } from 'commander'
import { openDetection, replay } from '../backtest/replay.ts'
import { type Detection, summaryOf } from '../incidents/detection.ts'
import type { Scope } from '../model/detector.ts'
import { addressOf } from '../model/given-address.ts'
import { listedLexicons } from '../names/listed-lexicon.ts'
import { type Lexicon, NO_LEXICON } from '../words/lexicon.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT, tellError } from './io.ts'
import { describeLine } from './lines.ts'
import { loadedOrFail } from './loaded.ts'
import { listOf, RULES_OPTION, rulesNamed, withOutput } from './options.ts'

type Options = { json?: boolean; verbose?: boolean; protect?: string; config?: string; rules?: string }

export function registerReplay(program: Command, run: RunCommand): void {
  const command = program
    .command('replay <files...>')
    .description('run detection over recorded bundle files; needs no database and no chain')
    .option('--protect <addresses>', 'contracts to protect, separated by commas (default: watch everything)')
    .option('-c, --config <file>', 'configuration with detector options, shadow and calibration')
    .option(...RULES_OPTION)
  withOutput(command).action((files: string[], options: Options) =>
    run(options, (io) => replayFiles(files, options, io)),
  )
}

/** A file that cannot be read is reported and the next one is read; the exit code shows it at the end. */
async function replayFiles(files: readonly string[], options: Options, io: Io): Promise<number> {
  const loaded = options.config === undefined ? undefined : await loadedOrFail({ config: options.config }, io)
  const rules = rulesNamed(options) ?? loaded?.config.rules
  const detection = await openDetection(scopeOf(options.protect), { ...loaded?.config, rules })
  const lexicons = listedLexicons(loaded?.config ?? {})
  let failed = false
  for (const [i, file] of files.entries()) {
    if (io.signal.aborted) break
    try {
      await replayFile(file, detection, { io, lexicons, done: `${i + 1}/${files.length}` })
    } catch (thrown) {
      tellError(thrown, io.json)
      failed = true
    }
  }
  const summary = summaryOf(detection)
  io.emit(summary)
  for (const line of describeLine(summary)) io.say(line)
  return failed ? EXIT.failed : EXIT.ok
}

async function replayFile(
  file: string,
  detection: Detection,
  { io, lexicons, done }: { io: Io; lexicons: (chainId: number) => Promise<Lexicon>; done: string },
): Promise<void> {
  const progress = (_file: string, { counts }: Detection): void =>
    io.progress(
      `${done} ${file} · ${counts.blocks} blocks · ${counts.transactions} transactions · ${counts.alerts} alerts`,
    )
  for await (const line of replay([file], detection, progress)) {
    io.emit(line)
    const lexicon = line.type === 'finding' ? await lexicons(line.chainId) : NO_LEXICON
    for (const text of describeLine(line, lexicon)) io.say(text)
    if (io.signal.aborted) return
  }
}

export function scopeOf(protect: string | undefined): Scope {
  const addresses = listOf(protect).map(addressOf)
  return addresses.length === 0
    ? { kind: 'everything' }
    : { kind: 'contracts', addresses: new Set(addresses) }
}
