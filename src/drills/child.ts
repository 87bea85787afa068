import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { resolve } from 'node:path'
import { childEnvironment } from '../kit/child-environment.ts'
import type { Env } from '../kit/secret.ts'
import { drillReportSchema } from '../model/drill.ts'
import type { DrillEntry, TurnEnd } from './schedule.ts'

export type ChildOptions = {
  /** The command line program. */
  program: string
  /** The watcher's data folder; the drill's record goes below it. */
  dataDir: string
  cwd: string
  env: Env
  /** Milliseconds until it is ended; an hour by default. */
  patienceMs?: number
}

const HOUR_MS = 3_600_000
/** Maximum output of a child that is kept: as much as a report may have. */
const MOST_TEXT = 4_000_000

/**
 * Runs a scheduled drill as a separate process with the lowest priority: own chain, own database, own memory, so that
 * it neither slows nor stops the watcher. It reads no configuration and gets no secret except its own database. A drill
 * that was not contained has not passed.
 */
export async function runDrillChild(
  entry: DrillEntry,
  { program, dataDir, cwd, env, patienceMs = HOUR_MS }: ChildOptions,
  signal: AbortSignal,
): Promise<TurnEnd> {
  const args = [program, ...argumentsOf(entry), '--data-dir', resolve(cwd, dataDir)]
  const child = spawn(process.execPath, args, {
    cwd,
    env: environmentOf(env),
    // With its own input it counts as in the foreground of this process, and ends with it (cli/launcher.ts).
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  lower(child)
  const [out, err] = [collect(child.stdout), collect(child.stderr)]
  const end = (): boolean => child.kill('SIGTERM')
  const timer = setTimeout(end, patienceMs)
  signal.addEventListener('abort', end, { once: true })
  try {
    const [code] = await once(child, 'close')
    return endOf(code, { out: out(), err: err() })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

function environmentOf(env: Env): Record<string, string> {
  const database = env['CORDON_DRILL_DATABASE_URL']
  return { ...childEnvironment(env), ...(database ? { CORDON_DRILL_DATABASE_URL: database } : {}) }
}

function argumentsOf({ attack, people, mempool, standing, pace }: DrillEntry): string[] {
  return [
    ...['drill', 'run', '--json', '--attack', attack, '--people', people, '--pace', String(pace)],
    ...(mempool ? ['--mempool'] : []),
    ...(standing ? [] : ['--no-standing']),
  ]
}

/** Its own child processes (node, database) inherit it. Not every platform allows it: then the priority stays. */
function lower({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch {}
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (part: string) => {
    text = (text + part).slice(-MOST_TEXT)
  })
  return () => text
}

function endOf(code: unknown, { out, err }: { out: string; err: string }): TurnEnd {
  const line = out.split('\n').findLast((text) => text.startsWith('{"type":"drill","kind":"drill"'))
  if (line === undefined)
    return { passed: false, detail: `it ended with ${String(code)} and no result: ${err.trim().slice(-300)}` }
  const { id, contained, points } = drillReportSchema.parse(JSON.parse(line))
  const met = points.filter(({ state }) => state === 'met').length
  const how = contained ? 'contained' : 'NOT contained'
  return { passed: contained, detail: `${id}: ${how}, ${met} of ${points.length} points met` }
}
