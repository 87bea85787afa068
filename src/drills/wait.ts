import { systemClock } from '../kit/clock.ts'
import type { DrillPeople } from '../model/drill.ts'
import type { Hash } from '../model/hex.ts'
import type { Incident } from '../model/incident.ts'
import type { Run } from '../model/playbook.ts'
import type { Playbooks } from '../playbooks/runner.ts'
import { listIncidents } from '../store/incidents.ts'
import { findRun, listRuns } from '../store/runs.ts'
import type { Store } from '../store/store.ts'
import { connectDrill, latestBlock } from './chain.ts'
import type { DrilledCordon } from './cordon.ts'

const WAIT_MS = 60_000
/** Maximum time that the drill waits for a run without real people. */
const PLAYED_MS = 30 * 60_000

export type Waiting = {
  respond: boolean
  people: DrillPeople
  signal: AbortSignal
  /** Transactions of the attack: the incident that has one of them is the one to be judged. */
  attack: readonly Hash[]
  /** How long to wait for an incident; a minute by default. */
  patienceMs?: number
}

/**
 * The incident of the attack, once its run has ended (or a minute has passed). Other incidents of the same chain, for
 * example of honest traffic, are not judged, even if newer or contained.
 */
export async function waitForRun(
  { respond, people, signal, attack, patienceMs = WAIT_MS }: Waiting,
  { app, playbooks }: Pick<DrilledCordon, 'app' | 'playbooks'>,
): Promise<{ incident: Incident | null; run: Run | null }> {
  const deadline = Date.now() + patienceMs
  const ofAttack = async (): Promise<Incident | null> => incidentOf(await listIncidents(app.store), attack)
  let incident: Incident | null = null
  while (Date.now() < deadline && !signal.aborted) {
    incident = await ofAttack()
    const run = incident === null ? null : ((await listRuns(app.store, incident.id))[0] ?? null)
    if (incident !== null && !respond) return { incident, run: null }
    if (incident !== null && run !== null && playbooks !== null) {
      const ended = await endOf(run, { people, signal, playbooks, store: app.store })
      return { incident: await ofAttack(), run: ended }
    }
    await app.clock.sleep(100)
  }
  return { incident, run: null }
}

/**
 * The incident with most of an attack's transactions; of several with equally many, the first that was opened. Null if
 * none has any.
 */
export function incidentOf(incidents: readonly Incident[], attack: readonly Hash[]): Incident | null {
  const shared = ({ transactions }: Incident): number =>
    attack.filter((hash) => transactions.includes(hash)).length
  const [most] = incidents
    .filter((incident) => shared(incident) > 0)
    .sort((a, b) => shared(b) - shared(a) || a.discoveredAt - b.discoveredAt)
  return most ?? null
}

type Ending = Pick<Waiting, 'people' | 'signal'> & { playbooks: Playbooks; store: Store }

/** Real people may take any time, until somebody cancels the drill. */
async function endOf(run: Run, { people, signal, playbooks, store }: Ending): Promise<Run> {
  const ended = playbooks.wait(run.id)
  ended.catch(() => undefined)
  const late = new AbortController()
  const patience = people === 'timed' ? [] : [systemClock.sleep(PLAYED_MS, late.signal)]
  const calledOff = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  try {
    await Promise.race([ended, calledOff, ...patience])
  } finally {
    late.abort()
  }
  return (await findRun(store, run.id)) ?? run
}

/**
 * How far a chain's clock is behind this machine's, milliseconds: block times are whole seconds, so less than two
 * counts as nothing.
 */
export async function skewOf(url: string): Promise<number> {
  const { timestamp } = await latestBlock(await connectDrill(url))
  const skew = systemClock.now() - timestamp * 1_000
  return Math.abs(skew) < 2_000 ? 0 : skew
}
