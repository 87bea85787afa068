import { estimateGas } from '../../chain/methods/estimate-gas.ts'
import { patiently } from '../../chain/rpc/patiently.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { assert } from '../../kit/assert.ts'
import type { Address } from '../../model/hex.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { permitNow } from '../approval/permit.ts'
import { type BroadcastContext, type Signed, signPlan } from '../sending/broadcast.ts'
import { secondOpinion } from '../sending/second-opinion.ts'
import type { Containing, Permitted } from './containing.ts'
import type { Routed } from './route.ts'

/**
 * Sign and keep: signs the routed call and stores the raw bytes before anyone sees them, so it is sent again, never
 * signed again. The permission to sign is checked at that moment, whatever was decided before.
 */
export async function sign(containing: Containing, permitted: Permitted, routed: Routed): Promise<Signed> {
  const { means, chain, durable, tell } = containing
  const { plan, simulation, ground } = permitted
  const { to, signer, fees } = meansOf(containing, routed.from)
  const signed = await durable(`sign:${plan.id}`, () =>
    patiently(means, async (): Promise<Signed> => {
      const doubt = await doubtAbout(containing, permitted)
      if (doubt !== null) return { refused: [doubt] }
      const gasUsed = plan.route.kind === 'direct' ? simulation.gasUsed : await gasOf(chain.rpc, routed)
      const permit = (tx: typeof means.store) => permitNow(means, tx, { plan, ground })
      return signPlan(plan, { signer, call: routed.call, gasUsed, fees, permit }, to)
    }),
  )
  // Immediately, not after the wait; the transaction is still sent, because the base fee may fall.
  if ('lowCap' in signed && signed.lowCap !== undefined)
    await tell({ kind: 'fee-cap-too-low', plan, why: signed.lowCap })
  return signed
}

/** The signer of an account, the fees it may offer, and the places that its transactions are sent to. */
export function meansOf({ means, chain, attack }: Containing, from: Address) {
  const signer = means.signers.get(from)
  assert(signer !== undefined, 'an authorised plan has a signer')
  const to: BroadcastContext = {
    rpc: chain.rpc,
    store: means.store,
    clock: means.clock,
    relays: chain.relays,
  }
  return { to, signer, fees: { ...means.config.fees, outbid: attack.outbid } }
}

/**
 * Why an action rests on one endpoint alone; null where it does not, or where there is only one. A plan that people
 * approved continues: a lying endpoint must not stop it, and the people are notified.
 */
async function doubtAbout(
  { means, chain, attack, tell }: Containing,
  { plan, ground }: Permitted,
): Promise<string | null> {
  if ((await findBroadcast(means.store, plan.id)) !== undefined || chain.rpc.endpoints.length < 2) return null
  const isMined = attack.hash !== null && attack.outbid === null
  const grounds = {
    block: attack.pinnedBlock,
    attack: isMined ? attack.hash : null,
    state: plan.lever.state,
  }
  const opinion = await secondOpinion(chain.rpc, grounds, means.clock)
  if (opinion.kind === 'confirmed') return null
  if (opinion.kind === 'disputed' && ground.kind === 'authorised') return opinion.text
  await tell({ kind: 'unconfirmed', plan, opinion })
  return null
}

/** A Safe, a role and a timelock cost more gas than the lever alone. */
async function gasOf(rpc: Rpc, { from, call }: Routed): Promise<number> {
  const { to, data, value } = call
  return Number(await estimateGas(rpc, { from, to, data, value }))
}
