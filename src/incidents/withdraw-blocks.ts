import { unreachable } from '../kit/assert.ts'
import type { BlockRef } from '../model/block.ts'
import { type Incident, mayMove } from '../model/incident.ts'
import { countLiveAlerts, incidentsInBlocks, withdrawAlerts } from '../store/alerts.ts'
import { listBroadcasts } from '../store/broadcasts.ts'
import { setIncidentState } from '../store/incidents.ts'
import { type Store, transaction } from '../store/store.ts'
import { type IncidentContext, lockKnown, note } from './context.ts'

export type Withdrawal = {
  incident: Incident
  /** The number of withdrawn alerts. */
  alerts: number
  /**
   * `withdrawn`: nothing of it is left and no one had acted. `still-standing`: other alerts stand. `action-taken`: no
   * alert is left, but something was signed or the incident had moved on.
   */
  outcome: 'withdrawn' | 'still-standing' | 'action-taken'
}

/**
 * Withdraws the alerts of blocks that a reorg removed, incident by incident, each all or nothing, and records it on the
 * timeline. A repetition does nothing. A block without hash withdraws nothing: it cannot be distinguished from its
 * successor.
 */
export async function withdrawBlocks(
  context: IncidentContext,
  chainId: number,
  removed: readonly BlockRef[],
): Promise<Withdrawal[]> {
  const hashes = removed.flatMap(({ hash }) => (hash === null ? [] : [hash]))
  const withdrawals: Withdrawal[] = []
  for (const id of await incidentsInBlocks(context.store, chainId, hashes)) {
    const act = (tx: Store): Promise<Withdrawal | undefined> =>
      withdrawFrom({ ...context, store: tx }, id, { chainId, hashes })
    const withdrawal = await transaction(context.store, act, { idempotent: true })
    if (withdrawal) withdrawals.push(withdrawal)
  }
  return withdrawals
}

async function withdrawFrom(
  context: IncidentContext,
  incidentId: string,
  blocks: { chainId: number; hashes: readonly string[] },
): Promise<Withdrawal | undefined> {
  const tx = context.store
  const incident = await lockKnown(tx, incidentId)
  const withdrawn = await withdrawAlerts(tx, incidentId, { ...blocks, at: context.clock.now() })
  if (withdrawn.length === 0) return undefined
  for (const { alert } of withdrawn) {
    await note(context, {
      incidentId,
      kind: 'withdrawn',
      message: `A reorg removed block ${alert.blockNumber}; alert withdrawn: ${alert.message}`,
      facts: {
        alertHash: alert.alertHash,
        blockNumber: alert.blockNumber,
        blockHash: alert.blockHash,
        transactionHash: alert.transactionHash,
      },
    })
  }
  const outcome = await judge(tx, incident)
  const state = await conclude(context, incident, outcome)
  return { incident: { ...incident, state }, alerts: withdrawn.length, outcome }
}

async function judge(tx: Store, incident: Incident): Promise<Withdrawal['outcome']> {
  if ((await countLiveAlerts(tx, incident.id)) > 0) return 'still-standing'
  const acted = (await listBroadcasts(tx, incident.id)).length > 0
  return acted || !mayMove(incident.state, 'withdrawn') ? 'action-taken' : 'withdrawn'
}

async function conclude(
  context: IncidentContext,
  incident: Incident,
  outcome: Withdrawal['outcome'],
): Promise<Incident['state']> {
  const from = incident.state
  switch (outcome) {
    case 'still-standing':
      return from
    case 'action-taken': {
      const message = `No alert of this incident is valid any more, but an action was already taken or the incident is ${from}: it stays ${from}. A person must decide`
      await note(context, { incidentId: incident.id, kind: 'withdrawn', message, facts: { state: from } })
      return from
    }
    case 'withdrawn':
      await setIncidentState(context.store, incident.id, { from, to: 'withdrawn' })
      await note(context, {
        incidentId: incident.id,
        kind: 'state',
        message: `${from} → withdrawn: a reorg removed all its alerts, and nobody had acted`,
        facts: { from, to: 'withdrawn' },
      })
      return 'withdrawn'
    default:
      return unreachable(outcome)
  }
}
