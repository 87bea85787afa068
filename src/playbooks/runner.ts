import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { DBOS, type DLogger } from '@dbos-inc/dbos-sdk'
import type { Clock } from '../kit/clock.ts'
import { crashPoint } from '../kit/crash-point.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import type { Logger } from '../kit/logger.ts'
import type { Severity } from '../model/finding.ts'
import type { Incident } from '../model/incident.ts'
import type { PinnedPlaybook, Run } from '../model/playbook.ts'
import { withLock } from '../store/locks.ts'
import { createPool } from '../store/pool.ts'
import { findRun } from '../store/runs.ts'
import type { Store } from '../store/store.ts'
import type { Action } from './action.ts'
import { createBell } from './bell.ts'
import { createGate } from './gate.ts'
import { type Interpreter, registerInterpreter } from './interpreter.ts'
import { RESUME_QUEUE, type Watch, watchOrphans } from './orphans.ts'
import type { Session } from './session.ts'
import { writeRun, writeRuns } from './write-run.ts'

type Pool = ReturnType<typeof createPool>

/**
 * The interpreter's own protocol: its durable steps and their order. Raised only when a run of the old kind could not
 * be replayed; never by a release as such, or no release could finish older runs.
 */
const PROTOCOL = 'cordon-playbooks-1'
const STOP_PATIENCE_MS = 5_000

export type PlaybooksOptions = {
  databaseUrl: string
  store: Store
  actions: readonly Action[]
  /** The action that pages people for a task or an approval, with `{ roles, title, body }`. */
  tell?: Action
  clock: Clock
  logger: Logger
  /** False if nobody answers: a drill without people. Real incidents always have people. */
  people?: boolean
  /** True while fewer runs are admitted in parallel, because something else goes first. */
  isCrowded?: () => boolean
  /** A name for this machine in the database; the host name by default. */
  executorId?: string
}

export type Playbooks = {
  /**
   * Begins a run, in the background. An incident has at most one run of a playbook: a second call returns the first,
   * even if the playbook was edited meanwhile.
   */
  begin(incident: Incident, pinned: PinnedPlaybook): Promise<Run>
  /**
   * Records runs in the caller's transaction, with the data that they are for. Once that is committed they will be
   * carried out: {@link start} begins one now, and a process that dies in between leaves it to the next one.
   */
  write(
    tx: Store,
    wanted: readonly { incident: Incident; pinned: PinnedPlaybook; attempt?: number }[],
  ): Promise<Run[]>
  /** Begins a recorded run, in the background, the most severe first; a second call changes nothing. */
  start(run: Run, severity: Severity): void
  /**
   * Resolves when the run has ended, here or in another process. Throws `playbooks.UnknownRun`, `playbooks.Stopped`.
   */
  wait(runId: string): Promise<Run>
  /** Waits for the durable parts in progress (5 s at most), then leaves the runs where they are, to be resumed. */
  stop(): Promise<void>
}

let started = false

/**
 * Starts running playbooks in this process, and first continues the runs of dead processes. Only one start at a time
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
    bell: await createBell(store),
    gate: createGate(logger, options.isCrowded),
    stopping: false,
    busy: 0,
  }
  const pool = createPool({ url: options.databaseUrl, logger, connections: 10, name: 'cordon-playbooks' })
  const executorId = `${options.executorId ?? hostname()}/${randomUUID()}`
  try {
    const interpreter = registerInterpreter(session)
    await withLock(store, 'playbooks-launch', () => launch(options, executorId, pool))
    const watch = await watchOrphans({ session, executorId, interpreter })
    const { people = true } = options
    const ours = { author: 'cordon', people }
    return {
      begin: async (incident, pinned) => {
        const run = await writeRun({ store, clock }, { incident, pinned, ...ours })
        begin({ session, interpreter }, run, incident.severity)
        return run
      },
      write: (tx, wanted) =>
        writeRuns(
          { store: tx, clock },
          wanted.map((one) => ({ ...one, ...ours })),
        ),
      start: (run, severity) => begin({ session, interpreter }, run, severity),
      wait: (runId) => wait(session, runId),
      stop: () => stop(session, watch, pool),
    }
  } catch (thrown) {
    await session.bell.stop()
    await DBOS.shutdown({ deregister: true }).catch(() => {})
    await pool.end()
    started = false
    throw startFailed(thrown)
  }
}

/** DBOS's own migrations fail if two processes run them in parallel; so one launches after the other. */
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
    // Nothing here waits for DBOS messages or events, which are the purpose of its listener.
    useListenNotify: false,
  })
  await DBOS.launch()
  await DBOS.registerQueue(RESUME_QUEUE, { minPollingIntervalMs: 1_000, onConflict: 'always_update' })
}

/** DBOS logs much; its information level is detail here. */
function quiet(logger: Logger): DLogger {
  const text = (entry: unknown): string => (typeof entry === 'string' ? entry : messageOf(entry))
  return {
    debug: () => {},
    info: (entry) => logger.debug({ from: 'dbos' }, text(entry)),
    warn: (entry) => logger.warn({ from: 'dbos' }, text(entry)),
    error: (entry) => logger.error({ from: 'dbos' }, text(entry)),
  }
}

type Running = { session: Session; interpreter: Interpreter }

function begin({ session, interpreter }: Running, { id, state }: Run, severity: Severity): void {
  crashPoint('playbooks.run-created')
  // The run's id is the workflow's: starting it again, from here or from elsewhere, changes nothing.
  if (state !== 'running') return
  session.gate.admit({ id, severity }, async () => {
    if (!session.stopping) await DBOS.startWorkflow(interpreter.run, { workflowID: id })(id)
  })
}

async function wait(session: Session, runId: string): Promise<Run> {
  for (let incidentId: string | undefined; ; ) {
    // requested before the check, so that an end between the two wakes this loop
    const rung = incidentId === undefined ? Promise.resolve() : session.bell.wait(incidentId, 1_000)
    const run = await findRun(session.store, runId)
    if (!run) throw unknownRun(runId)
    if (run.state !== 'running') return run
    if (session.stopping) throw stopped(runId)
    incidentId = run.incidentId
    await rung
  }
}

async function stop(session: Session, watch: Watch, pool: Pool): Promise<void> {
  if (session.stopping) return
  session.stopping = true
  session.gate.close()
  const silent = session.bell.stop()
  const deadline = Date.now() + STOP_PATIENCE_MS
  while (session.busy > 0 && Date.now() < deadline) await new Promise((settle) => setTimeout(settle, 5))
  await silent
  await DBOS.shutdown({ deregister: true })
  await watch.stop()
  await pool.end()
  started = false
}

function alreadyStarted(): CordonError {
  return new CordonError({
    code: 'playbooks.AlreadyStarted',
    message: 'This process already runs playbooks.',
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
    fix: 'Use the id that `begin` returned, or one from the incident page.',
  })
}

function stopped(runId: string): CordonError {
  return new CordonError({
    code: 'playbooks.Stopped',
    message: 'Playbooks stopped while something waited for a run.',
    facts: { runId },
    fix: 'Start Cordon again: the run continues where it stopped.',
    retryable: true,
  })
}
