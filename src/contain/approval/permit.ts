import type { Rpc } from '../../chain/rpc/rpc.ts'
import { assert } from '../../kit/assert.ts'
import type { Clock } from '../../kit/clock.ts'
import type { Config } from '../../model/config.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Hash } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import { lockApprovals } from '../../store/approvals.ts'
import { authorisationOf } from '../../store/authorisations.ts'
import { findBroadcast, moveBroadcast } from '../../store/broadcasts.ts'
import { findIncident } from '../../store/incidents.ts'
import { findPlan } from '../../store/plans.ts'
import { type Store, transaction } from '../../store/store.ts'
import type { Permit } from '../sending/broadcast.ts'
import { type AuthorisationVerdict, authorisationHash, authorise } from './authorise.ts'
import { allAuthorisations, authorisationContext, installationFor } from './standing.ts'
import { verdictOn } from './verdict.ts'

/** The basis on which a plan is carried out: a standing authorisation, or people who approved it. */
export type Ground =
  | {
      kind: 'authorised'
      /** The authorisation under which it was signed before: then no other one counts. */
      hash?: Hash
    }
  | { kind: 'approved' }

type Asked = { plan: ContainmentPlan; ground: Ground }
type Asking = {
  store: Store
  clock: Clock
  config: Pick<Config, 'roles' | 'approvals' | 'authorisations'>
  chains: ReadonlyMap<number, { rpc: Rpc }>
}

/**
 * Whether a plan may be signed now: reads the current authorisations, revocations, counts and approvals, under locks
 * that last until the transaction ends, so that no two processes use the same last action.
 */
export async function permitNow(app: Asking, tx: Store, { plan, ground }: Asked): Promise<Permit> {
  const incident = await findIncident(tx, plan.incidentId)
  assert(incident !== undefined, 'a plan has an incident')
  const within = { ...app, store: tx }
  if (ground.kind === 'approved') {
    // approval of a schedule covers its execution
    const asked = plan.executes === null ? plan : ((await findPlan(tx, plan.executes)) ?? plan)
    await lockApprovals(tx, asked.id)
    const verdict = await verdictOn(within, { plan: asked, incident })
    if (verdict.state === 'approved') return { allowed: true, authorisation: null }
    if (verdict.state === 'refused') return { allowed: false, reasons: [`it was refused by ${verdict.by}`] }
    const words = verdict.rejected.map(({ signer, reason }) => `${signer}: ${reason}`)
    const missing = `its approval expired or was withdrawn before it was signed (it has ${verdict.missing.join(' and ')})`
    return { allowed: false, reasons: [missing, ...words] }
  }
  const rpc = app.chains.get(plan.lever.chainId)?.rpc
  if (rpc === undefined)
    return { allowed: false, reasons: [`chain ${plan.lever.chainId} is not watched here`] }
  const { hash } = ground
  const verdict = await authorisedNow({ ...within, rpc }, { plan, incident, hash })
  return verdict.allowed ? { allowed: true, authorisation: verdict.hash } : verdict
}

type Covered = { plan: ContainmentPlan; incident: Pick<Incident, 'kind'>; hash?: Hash | undefined }

/** Whether a standing authorisation covers a plan now; only the one with this hash counts if one is given. */
export async function authorisedNow(
  at: Omit<Asking, 'chains'> & { rpc: Rpc },
  { plan, incident, hash }: Covered,
): Promise<AuthorisationVerdict> {
  const { store, clock, config, rpc } = at
  const all = await allAuthorisations(store, config)
  const authorisations = hash === undefined ? all : all.filter((one) => authorisationHash(one) === hash)
  const installation = await installationFor(store, incident)
  const sources = { store, clock, config, rpc, installation, exceptPlanId: plan.id }
  return authorise({ ...authorisationContext(sources), plan, authorisations })
}

/**
 * Gives up a transaction that was signed and never sent, where its ground ended meanwhile. Returns why; null where it
 * may be sent.
 */
export async function withdrawnSince(
  asking: Asking,
  { plan, ground }: Asked,
): Promise<readonly string[] | null> {
  return transaction(asking.store, async (tx) => {
    const standing = await findBroadcast(tx, plan.id)
    if (standing?.state === 'abandoned') return ['it was given up before it was sent']
    if (standing?.state !== 'signed') return null
    const permission = await permitNow(asking, tx, { plan, ground: await signedOn(tx, plan, ground) })
    if (permission.allowed) return null
    await moveBroadcast(tx, { planId: plan.id, to: 'abandoned' })
    return permission.reasons
  })
}

/** Why another transaction may not be signed for a plan that was signed before; null where it may. */
export async function forbiddenNow(asking: Asking, { plan, ground }: Asked): Promise<string | null> {
  const permission = await transaction(asking.store, async (tx) =>
    permitNow(asking, tx, { plan, ground: await signedOn(tx, plan, ground) }),
  )
  return permission.allowed ? null : permission.reasons.join('; ')
}

/** The ground on which a plan was signed. */
export async function groundOf({ store }: Pick<Asking, 'store'>, { id }: ContainmentPlan): Promise<Ground> {
  const hash = await authorisationOf(store, id)
  return typeof hash === 'string' ? { kind: 'authorised', hash } : { kind: 'approved' }
}

/** The ground of a signed plan: the very authorisation that was counted for it. */
async function signedOn(store: Store, plan: ContainmentPlan, ground: Ground): Promise<Ground> {
  const hash = ground.kind === 'authorised' ? await authorisationOf(store, plan.id) : undefined
  return typeof hash === 'string' ? { kind: 'authorised', hash } : ground
}
