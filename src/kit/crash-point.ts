/**
 * A named place where a test may kill the process (`CORDON_CRASH_AT=name`): a test really ends the process there to
 * prove that a run survives it. Otherwise it takes one comparison.
 */
export function crashPoint(name: string): void {
  reached(name)
}

let reached: (name: string) => void = killIfNamed

function killIfNamed(name: string): void {
  if (process.env['CORDON_CRASH_AT'] === name) process.kill(process.pid, 'SIGKILL')
}

/** Lets a simulation replace the crash with its own; returns the function that restores the default. */
export function onCrashPoint(handler: (name: string) => void): () => void {
  reached = handler
  return () => {
    reached = killIfNamed
  }
}
