import { pino } from 'pino'
import { redactFacts } from './redact.ts'

/** The logger of the rooms: a message and plain facts. */
export type Logger = {
  debug(facts: Record<string, unknown>, message: string): void
  info(facts: Record<string, unknown>, message: string): void
  warn(facts: Record<string, unknown>, message: string): void
  error(facts: Record<string, unknown>, message: string): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Structured logs as NDJSON on stderr (stdout belongs to the command's own output). Facts are redacted. */
export function createLogger(level: LogLevel): Logger {
  const stderr = pino.destination(2)
  // The reader is gone (a closed terminal, a pipe to a program that has ended): that must not end the logging process.
  stderr.on('error', () => {})
  const sink = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stderr)
  const at =
    (method: 'debug' | 'info' | 'warn' | 'error') =>
    (facts: Record<string, unknown>, message: string): void =>
      sink[method](redactFacts(facts) as object, message)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** Logs nothing: for tests and for pure callers. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
