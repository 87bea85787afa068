/**
 * A named place where a test may kill the process (`CORDON_CRASH_AT=name`): the promise that a run
 * survives a crash there is tested by really dying there. Costs one comparison otherwise.
 */
export function crashPoint(name: string): void {
  reached(name)
}

let reached: (name: string) => void = killIfNamed

function killIfNamed(name: string): void {
  if (process.env['CORDON_CRASH_AT'] === name) process.kill(process.pid, 'SIGKILL')
}

/** A simulation dies in its own way: gives back how to undo that. */
export function onCrashPoint(handler: (name: string) => void): () => void {
  reached = handler
  return () => {
    reached = killIfNamed
  }
}
