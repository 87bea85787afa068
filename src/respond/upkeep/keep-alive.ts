import { groundOf, withdrawnSince } from '../../contain/approval/permit.ts'
import { replacingFor } from '../../contain/pipeline/confirm.ts'
import { tendBroadcast } from '../../contain/sending/confirm.ts'
import { record } from '../../incidents/record.ts'
import type { Broadcast, ContainmentPlan } from '../../model/containment.ts'
import type { EvidenceItem } from '../../model/evidence.ts'
import type { App, ChainHandle } from '../context.ts'

type Kept = {
  broadcast: Broadcast
  plan: ContainmentPlan
  /** True if the version signed before has had its blocks. */
  isOverdue: boolean
}

/** One check of a broadcast that no step waits for; unchanged if its signer is not available. */
export async function keptAlive(
  { app, chain }: { app: App; chain: ChainHandle },
  { broadcast, plan, isOverdue }: Kept,
): Promise<Broadcast> {
  const signer = app.signers.get(broadcast.from)
  if (signer === undefined) return broadcast
  const asked = { plan, ground: await groundOf(app, plan) }
  if (broadcast.state === 'signed' && (await withdrawnSince(app, asked)) !== null)
    return { ...broadcast, state: 'abandoned' }
  const tell = async (told: { broadcast: Broadcast; reason: string }): Promise<void> => {
    const message = `Signed ${told.broadcast.transactionHash}: ${told.reason}.`
    await recordTended(app, plan, { kind: 'broadcast', message, body: told.broadcast })
  }
  const fees = { ...app.config.fees, outbid: null }
  const replacing = replacingFor({ means: app, chain }, { ...asked, signer, fees, tell })
  const context = { rpc: chain.rpc, store: app.store, clock: app.clock, relays: chain.relays }
  return tendBroadcast(broadcast, { replacing, isOverdue, context })
}

/** Adds the watcher's action for a plan to the timeline and to the evidence chain. */
export async function recordTended(
  { store, clock }: App,
  { incidentId, id }: ContainmentPlan,
  {
    message,
    ...evidence
  }: EvidenceItem & { kind: 'broadcast' | 'verification' | 'simulation' } & { message: string },
): Promise<void> {
  await record({ store, clock }, { incidentId, kind: evidence.kind, message, facts: { plan: id } }, evidence)
}
