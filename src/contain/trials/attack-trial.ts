import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { AssetChange } from '../../model/finding.ts'
import type { Incident } from '../../model/incident.ts'
import { listAlerts } from '../../store/alerts.ts'
import type { Store } from '../../store/store.ts'
import type { Attack } from './attack.ts'
import { sceneOf, type Trial } from './trial.ts'

type Place = { means: { store: Store }; chain: { rpc: Rpc }; incident: Pick<Incident, 'id' | 'protected'> }

/**
 * The chain data of an attack that was looked up: planning, simulating and verifying need the same for each contract.
 */
const read = new WeakMap<Attack, Promise<Trial | null>>()

/**
 * The attack of an incident as it happened: with its block if it is mined, and with the losses that detection reported.
 * Null if no transaction is known. Read once for each looked-up attack.
 */
export function trialOf(place: Place, attack: Attack): Promise<Trial | null> {
  const known = read.get(attack)
  if (known !== undefined) return known
  const reading = readTrial(place, attack)
  read.set(attack, reading)
  reading.catch(() => read.delete(attack))
  return reading
}

async function readTrial(
  { means, chain, incident }: Place,
  { hash, call, pinnedBlock, outbid, stale }: Attack,
): Promise<Trial | null> {
  if (call === null || hash === null) return null
  const isAsMined = outbid === null && stale === null
  const scene = isAsMined
    ? await sceneOf(chain.rpc, { hash, block: pinnedBlock + 1 })
    : { before: [], within: null }
  const alerts = await listAlerts(means.store, incident.id)
  const recorded = alerts
    .flatMap(({ alert }) => alert.findings)
    .filter(({ transactionHash, shadow }) => transactionHash === hash && !shadow)
    .flatMap(({ loss }) => loss)
  return { call, ...scene, owned: incident.protected, recorded: largestOf(recorded) }
}

/** Several detectors may report the same loss. */
function largestOf(losses: readonly AssetChange[]): AssetChange[] {
  const largest = new Map<string, AssetChange>()
  for (const loss of losses) {
    const key = `${loss.account}${loss.asset}`
    const known = largest.get(key)
    if (known === undefined || known.amount < loss.amount) largest.set(key, loss)
  }
  return [...largest.values()]
}
