import { CordonError, messageOf } from '../kit/error.ts'
import { toJson } from '../kit/json.ts'
import type { Logger, LogLevel } from '../kit/logger.ts'
import { createLogger } from '../kit/logger.ts'
import { printable } from '../kit/text.ts'

/** Exit codes of every command; docs/guides/cli.md explains them. */
export const EXIT = {
  ok: 0,
  /** Something failed; stderr states the failure and its fix. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** `start --once`: the attack was not contained. */
  notContained: 3,
  /** `doctor`: something is missing. */
  unhealthy: 4,
  /** `incidents verify`: the evidence chain is broken. */
  broken: 5,
} as const

/** The parts of the outside world that a command may use. */
export type Io = {
  json: boolean
  /** Also print details that are only useful for a closer look. */
  verbose: boolean
  /** Whether stdout supports colour. */
  colour: boolean
  logger: Logger
  env: Readonly<Record<string, string | undefined>>
  cwd: string
  /** A line for people; nothing in JSON mode. */
  say(line: string): void
  /** One NDJSON line; nothing in text mode. */
  emit(value: unknown): void
  /** A line that the next one overwrites; only on a terminal, on stderr. */
  progress(line: string): void
  /** Aborts at Ctrl-C; a second one ends the process immediately. */
  signal: AbortSignal
}

export type GlobalOptions = { json?: boolean; verbose?: boolean }

/** Runs a command and turns its result (or its error) into the exit code. */
export type RunCommand = (options: GlobalOptions, act: (io: Io) => Promise<number>) => Promise<void>

export function createIo(options: GlobalOptions, signal: AbortSignal): Io {
  const json = options.json === true
  const level: LogLevel = options.verbose === true ? 'debug' : json ? 'warn' : 'error'
  let drawn = false
  const clear = (): void => {
    if (drawn) process.stderr.write('\r\u001b[K')
    drawn = false
  }
  return {
    json,
    verbose: options.verbose === true,
    colour: process.stdout.isTTY === true && !process.env['NO_COLOR'],
    logger: createLogger(level),
    env: process.env,
    cwd: process.cwd(),
    say(line) {
      clear()
      if (!json) process.stdout.write(`${line}\n`)
    },
    emit(value) {
      clear()
      if (json) process.stdout.write(`${toJson(value)}\n`)
    },
    progress(line) {
      if (!process.stderr.isTTY || json) return
      process.stderr.write(`\r\u001b[K${printable(line, 120)}`)
      drawn = true
    },
    signal,
  }
}

/** Reports an error: for people as text, with --json as one line; always on stderr. Returns the exit code. */
export function tellError(thrown: unknown, json: boolean): number {
  if (thrown instanceof CordonError) {
    const { code, summary, facts, fix, docsPath } = thrown
    const text = json
      ? toJson({ type: 'error', code, message: summary, facts, fix, docsPath })
      : `${code}: ${thrown.message}\nMore: ${docsPath}`
    process.stderr.write(`${text}\n`)
    return /^app\.(Invalid|Config|Secret)/.test(code) ? EXIT.usage : EXIT.failed
  }
  const text = json
    ? toJson({ type: 'error', code: 'unexpected', message: messageOf(thrown) })
    : `Unexpected: ${messageOf(thrown)}`
  process.stderr.write(`${text}\n`)
  if (!json && thrown instanceof Error && thrown.stack)
    process.stderr.write(`${thrown.stack.split('\n').slice(1, 6).join('\n')}\n`)
  return EXIT.failed
}
