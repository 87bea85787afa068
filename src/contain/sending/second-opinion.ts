import { required } from '../../chain/methods/answer.ts'
import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { getTransactionReceipt } from '../../chain/methods/get-transaction-receipt.ts'
import { failureKindOf } from '../../chain/rpc/failure.ts'
import { type Rpc, through } from '../../chain/rpc/rpc.ts'
import type { Clock } from '../../kit/clock.ts'
import type { Hash } from '../../model/hex.ts'
import type { StateRead } from '../../model/lever.ts'
import { isPulled } from '../reading/state-view.ts'
import { hashAt } from './settle.ts'

/** The grounds of an action. */
export type Grounds = {
  /** The block whose state the decision is based on. */
  block: number
  /** The attack's transaction; null where it is not mined or not known. */
  attack: Hash | null
  /** The views of the lever's state. */
  state: readonly StateRead[]
}

/** `alone`: there is no other endpoint, or none that answers. */
export type Opinion =
  | { kind: 'confirmed'; text: string }
  | { kind: 'alone'; text: string }
  | { kind: 'disputed'; text: string }

/** The time limit for endpoints to agree: one may be a block behind, or on the other side of a reorganisation. */
const PATIENCE_MS = 5_000
const LOOK_MS = 200
const ASK_MS = 2_500

/**
 * Whether another endpoint shows the same: the block's hash, the attack in the same block with the same outcome, the
 * lever's state. A chain that only one endpoint shows (a private fork) must not cause signatures that are valid on the
 * real one.
 */
export async function secondOpinion(rpc: Rpc, grounds: Grounds, clock: Clock): Promise<Opinion> {
  if (rpc.endpoints.length < 2) return { kind: 'alone', text: 'there is one endpoint' }
  const deadline = clock.now() + PATIENCE_MS
  for (;;) {
    const views = await Promise.all(rpc.endpoints.map((it) => viewOf(through(rpc, it), it.name, grounds)))
    const opinion = opinionOf(views)
    if (opinion.kind !== 'disputed' || clock.now() >= deadline) return opinion
    await clock.sleep(LOOK_MS)
  }
}

/** Null in each where the endpoint has none. */
type View = {
  name: string
  /** Why it does not answer; null where it does. */
  silent: string | null
  block: string | null
  attack: string | null
  pulled: boolean | null
}

function opinionOf(views: readonly View[]): Opinion {
  const speaking = views.filter(({ silent }) => silent === null)
  const silent = views.flatMap((view) => (view.silent === null ? [] : [`${view.name}: ${view.silent}`]))
  if (speaking.length < 2) return { kind: 'alone', text: `no second endpoint answers (${silent.join('; ')})` }
  for (const view of speaking) {
    const same = speaking.filter((other) => keyOf(other) === keyOf(view))
    if (same.length > 1 && view.block !== null)
      return { kind: 'confirmed', text: `${same.map(({ name }) => name).join(' and ')} show the same` }
  }
  return { kind: 'disputed', text: `the endpoints disagree: ${speaking.map(textOf).join('; ')}` }
}

function keyOf({ block, attack, pulled }: View): string {
  return JSON.stringify([block, attack, pulled])
}

function textOf({ name, block, attack, pulled }: View): string {
  const state =
    pulled === null ? 'no state of the lever' : pulled ? 'the lever pulled' : 'the lever not pulled'
  return `${name} has block ${block ?? 'unknown'}, the attack ${attack ?? 'unknown'}, ${state}`
}

async function viewOf(one: Rpc, name: string, { block, attack, state }: Grounds): Promise<View> {
  const patient: Rpc = {
    ...one,
    request: (method, params, options) => one.request(method, params, { timeoutMs: ASK_MS, ...options }),
  }
  try {
    const [hash, seen, pulled] = await Promise.all([
      orNull(() => hashAt(patient, block)),
      attack === null ? null : orNull(() => outcomeOf(patient, attack)),
      orNull(async () => isPulled(patient, state, await getBlockNumber(patient))),
    ])
    return { name, silent: null, block: hash, attack: seen, pulled }
  } catch (thrown) {
    return { name, silent: failureKindOf(thrown) ?? 'no answer', block: null, attack: null, pulled: null }
  }
}

/** If a node rejects a request, it lacks the data; if it does not answer, it counts as silent. */
async function orNull<T>(act: () => Promise<T>): Promise<T | null> {
  try {
    return await act()
  } catch (thrown) {
    if (failureKindOf(thrown) !== undefined) throw thrown
    return null
  }
}

/** The place of a transaction in the endpoint's chain and its outcome; null where it is not there. */
async function outcomeOf(one: Rpc, hash: Hash): Promise<string | null> {
  const receipt = await getTransactionReceipt(one, hash)
  if (receipt === null) return null
  const { blockHash, blockNumber, succeeded } = receipt
  if ((await hashAt(one, required(blockNumber, 'receipt.blockNumber'))) !== blockHash) return null
  return `${succeeded ? 'succeeded' : 'failed'} in block ${blockHash}`
}
