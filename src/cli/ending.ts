import { watchLauncher } from './launcher.ts'

/** 128 + SIGINT, as in shells. */
const INTERRUPTED = 130
/** Processes not stopped by then are left to the sentinels of the child processes. */
const PATIENCE_MS = 10_000
/** npm forwards a signal that the terminal has sent already: that is not a second Ctrl-C. */
const ECHO_MS = 500

/** The reason why this program ends before its command does. */
type Ending = 'signal' | 'reader-gone' | 'launcher-gone'

export type Endings = {
  /** Aborts once the program must end. */
  signal: AbortSignal
  /** The exit code of a command that ended with `code`. */
  exitCode(code: number): number
}

/**
 * Ends this program in order on every outside cause: Ctrl-C, SIGTERM, a closed terminal (SIGHUP), a reader of its
 * output that has gone away (`cordon replay … | head`), the death of npm or of the shell that waits for it. A second
 * Ctrl-C ends it immediately. After ten seconds it ends in any case.
 */
export function followEndings(): Endings {
  const abort = new AbortController()
  let ending: Ending | undefined
  let endedAt = 0
  const end = (because: Ending): void => {
    if (ending !== undefined) return
    ending = because
    endedAt = performance.now()
    process.exitCode = codeOf(because)
    abort.abort()
    // A durable sleep is resumed at the next start: it must not keep the process.
    setTimeout(() => process.exit(), PATIENCE_MS).unref()
  }
  const onSignal = (): void => {
    if (ending !== undefined && performance.now() - endedAt > ECHO_MS) process.exit(INTERRUPTED)
    end('signal')
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)
  // The listeners stay: writes on the way out fail silently.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => end('reader-gone'))
  watchLauncher(() => {
    process.stderr.write('The program that started Cordon was killed; stopping.\n')
    end('launcher-gone')
  })
  return {
    signal: abort.signal,
    exitCode: (code) => (ending === undefined ? code : codeOf(ending)),
  }
}

function codeOf(ending: Ending): number {
  switch (ending) {
    case 'signal':
    case 'launcher-gone':
      return INTERRUPTED
    case 'reader-gone':
      return 0
  }
}
