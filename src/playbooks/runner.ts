import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { DBOS, type DLogger } from '@dbos-inc/dbos-sdk'
import type { Clock } from '../kit/clock.ts'
import { crashPoint } from '../kit/crash-point.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import type { Logger } from '../kit/logger.ts'
import type { Incident } from '../model/incident.ts'
import type { PinnedPlaybook, Run } from '../model/playbook.ts'
import { withLock } from '../store/locks.ts'
import { createPool } from '../store/pool.ts'
import { findRun } from '../store/runs.ts'
import type { Store } from '../store/store.ts'
import type { Action } from './action.ts'
import { createBell } from './bell.ts'
import { type Interpreter, registerInterpreter } from './interpreter.ts'
import { RESUME_QUEUE, type Watch, watchOrphans } from './orphans.ts'
import type { Session } from './session.ts'
import { writeRun } from './write-run.ts'

type Pool = ReturnType<typeof createPool>

/**
 * The interpreter's own protocol: which durable steps it takes and in what order. Raised only when a run of
 * the old kind could not be replayed; never by a release as such, or no release could finish older runs.
 */
const PROTOCOL = 'cordon-playbooks-1'
const STOP_PATIENCE_MS = 5_000

export type PlaybooksOptions = {
  databaseUrl: string
  store: Store
  actions: readonly Action[]
  /** The action that calls people for a task or an approval, with `{ roles, title, body }`. */
  tell?: Action
  clock: Clock
  logger: Logger
  /** False where nobody answers: a drill without people. Real incidents always have them. */
  people?: boolean
  /** A name for this machine in the database; the host name by default. */
  executorId?: string
}

export type Playbooks = {
  /**
   * Begins a run, in the background. An incident has one run of a playbook for ever: a second call gives back
   * the first, even when the playbook was edited meanwhile.
   */
  begin(incident: Incident, pinned: PinnedPlaybook): Promise<Run>
  /**
   * Writes a run down in a transaction of the caller's, with what it is a run for. Once that is committed it will be done:
   * {@link start} begins it now, and a process that dies in between leaves it to the next one.
   */
  write(tx: Store, incident: Incident, pinned: PinnedPlaybook): Promise<Run>
  /** Begins a run that was written down, in the background; again it changes nothing. */
  start(run: Run): Promise<void>
  /** Resolves when the run has ended, here or in another process. Throws `playbooks.UnknownRun`, `playbooks.Stopped`. */
  wait(runId: string): Promise<Run>
  /** Lets the durable parts being done end (5 s at most), then leaves the runs where they are, to be resumed. */
  stop(): Promise<void>
}

let started = false

/**
 * Starts running playbooks in this process, and first goes on with what dead processes left. Once at a time
 * for each process. Throws `playbooks.AlreadyStarted`, `playbooks.StartFailed`.
 *
 * @example
 * const playbooks = await startPlaybooks({ databaseUrl, store, actions, clock: systemClock, logger })
 * const run = await playbooks.wait((await playbooks.begin(incident, pinned)).id)
 */
export async function startPlaybooks(options: PlaybooksOptions): Promise<Playbooks> {
  if (started) throw alreadyStarted()
  started = true
  const { store, clock, logger } = options
  const actions = new Map(options.actions.map((action) => [action.name, action]))
  const session: Session = {
    store,
    clock,
    logger,
    actions,
    tell: options.tell,
    bell: createBell(store),
    stopping: false,
    busy: 0,
  }
  const pool = createPool({ url: options.databaseUrl, logger, connections: 10, name: 'cordon-playbooks' })
  const executorId = `${options.executorId ?? hostname()}/${randomUUID()}`
  try {
    const interpreter = registerInterpreter(session)
    await withLock(store, 'playbooks-launch', () => launch(options, executorId, pool))
    const watch = await watchOrphans({ session, executorId, interpreter })
    const write: Playbooks['write'] = (tx, incident, pinned) =>
      writeRun({ store: tx, clock }, { incident, pinned, author: 'cordon', people: options.people ?? true })
    return {
      begin: async (incident, pinned) => {
        const run = await write(store, incident, pinned)
        await start(interpreter, run)
        return run
      },
      write,
      start: (run) => start(interpreter, run),
      wait: (runId) => wait(session, runId),
      stop: () => stop(session, watch, pool),
    }
  } catch (thrown) {
    await DBOS.shutdown({ deregister: true }).catch(() => {})
    await pool.end()
    started = false
    throw startFailed(thrown)
  }
}

/** DBOS's own migrations fail where two processes run them at once; so one launches after the other. */
async function launch(options: PlaybooksOptions, executorID: string, pool: Pool): Promise<void> {
  const { databaseUrl } = options
  DBOS.setConfig({
    name: 'cordon',
    systemDatabaseUrl: databaseUrl,
    systemDatabasePool: pool,
    applicationVersion: PROTOCOL,
    executorID,
    logger: quiet(options.logger),
    enableOTLP: false,
    tracingEnabled: false,
    // Nothing here waits for DBOS messages or events, which is what its listener is for.
    useListenNotify: false,
  })
  await DBOS.launch()
  await DBOS.registerQueue(RESUME_QUEUE, { minPollingIntervalMs: 20, onConflict: 'always_update' })
}

/** DBOS tells much; what it calls information is detail to us. */
function quiet(logger: Logger): DLogger {
  const text = (entry: unknown): string => (typeof entry === 'string' ? entry : messageOf(entry))
  return {
    debug: () => {},
    info: (entry) => logger.debug({ from: 'dbos' }, text(entry)),
    warn: (entry) => logger.warn({ from: 'dbos' }, text(entry)),
    error: (entry) => logger.error({ from: 'dbos' }, text(entry)),
  }
}

async function start(interpreter: Interpreter, run: Run): Promise<void> {
  crashPoint('playbooks.run-created')
  // The run's id is the workflow's: starting it again, from here or from elsewhere, changes nothing.
  if (run.state !== 'running') return
  await DBOS.startWorkflow(interpreter.run, { workflowID: run.id })(run.id)
}

async function wait(session: Session, runId: string): Promise<Run> {
  for (;;) {
    const run = await findRun(session.store, runId)
    if (!run) throw unknownRun(runId)
    if (run.state !== 'running') return run
    if (session.stopping) throw stopped(runId)
    await new Promise((settle) => setTimeout(settle, 20))
  }
}

async function stop(session: Session, watch: Watch, pool: Pool): Promise<void> {
  if (session.stopping) return
  session.stopping = true
  session.bell.stop()
  const deadline = Date.now() + STOP_PATIENCE_MS
  while (session.busy > 0 && Date.now() < deadline) await new Promise((settle) => setTimeout(settle, 5))
  await DBOS.shutdown({ deregister: true })
  await watch.stop()
  await pool.end()
  started = false
}

function alreadyStarted(): CordonError {
  return new CordonError({
    code: 'playbooks.AlreadyStarted',
    message: 'This process runs playbooks already.',
    fix: 'Stop the first runner before starting another, or use the first.',
  })
}

function startFailed(cause: unknown): unknown {
  if (cause instanceof CordonError) return cause
  return new CordonError({
    code: 'playbooks.StartFailed',
    message: 'The playbook runner could not start.',
    facts: { because: messageOf(cause) },
    fix: 'Check that the database answers and that its user may create the schema `dbos`.',
    retryable: true,
    cause,
  })
}

function unknownRun(runId: string): CordonError {
  return new CordonError({
    code: 'playbooks.UnknownRun',
    message: 'There is no such run.',
    facts: { runId },
    fix: 'Use the id that `begin` gave back, or one from the incident page.',
  })
}

function stopped(runId: string): CordonError {
  return new CordonError({
    code: 'playbooks.Stopped',
    message: 'Playbooks were stopped while a run was waited for.',
    facts: { runId },
    fix: 'Start Cordon again: the run goes on where it was.',
    retryable: true,
  })
}
