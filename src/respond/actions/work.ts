import { z } from 'zod'
import type { WantedLever } from '../../contain/plan.ts'
import type { Operation } from '../../contain/simulate.ts'
import { CordonError } from '../../kit/error.ts'
import { toJson } from '../../kit/json.ts'
import { retry } from '../../kit/retry.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import { addressSchema, amountSchema, hexSchema } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import type { App, ChainHandle } from '../context.ts'
import { recentOperations } from '../memory/operations.ts'
import type { Attack } from './attack.ts'

/** One contract to contain because of an incident, with everything that this needs. */
export type Work = {
  app: App
  chain: ChainHandle
  context: ActionContext
  incident: Incident
  attack: Attack
  /** Which answer to which attack this is: each has its own plans. */
  attempt: string
  target: Address
  /** The lever that people named in advance; the best one if none is named. */
  wanted?: WantedLever | undefined
}

export type Planned = { plan: ContainmentPlan; operations: readonly Operation[] }

/** The outcome for one target. */
export type ContainOutcome = {
  target: Address
  /**
   * `still-proposed`: the same call already waits for people. `already-paused`: nothing was sent, the lever holds or is
   * on its way. `scheduled`: it waits for a delay that the chain requires.
   */
  outcome:
    | 'contained'
    | 'reopened'
    | 'proposed'
    | 'still-proposed'
    | 'already-paused'
    | 'not-verified'
    | 'refused'
    | 'failed'
    | 'scheduled'
  planId: string | null
  transactionHash: string | null
  reasons: string[]
  /** The lever would work against this attack, and something else prevents it: another attack would fare no better. */
  isWorthIt?: boolean
}

const operationsSchema = z.array(
  z.object({
    selector: hexSchema,
    from: addressSchema,
    to: addressSchema.nullable(),
    data: hexSchema,
    value: amountSchema,
  }),
)

/** The ordinary calls on which a lever is tried, as they were at the first request. */
export async function operationsFor({ context, chain, target }: Work): Promise<Operation[]> {
  const json = await context.durable(`operations:${target}`, async () =>
    toJson(recentOperations(chain.operations, target)),
  )
  return operationsSchema.parse(JSON.parse(json))
}

/** An outage of a node or a signer of less than this, about 20 s, does not fail the step. */
const PATIENCE = { attempts: 8, delayMs: 500, maxDelayMs: 4_000 }

/** A node's refusal may come from one that is behind; a refusal of Cordon itself is final. */
export function patiently<T>({ clock }: Pick<App, 'clock'>, act: () => Promise<T>): Promise<T> {
  const isRetryable = (thrown: unknown): boolean =>
    !(thrown instanceof CordonError) || thrown.retryable || thrown.code === 'chain.RpcRefused'
  return retry(act, { ...PATIENCE, clock, isRetryable })
}

/** The chain of a lever. Throws `app.ChainNotWatched`, retryable: the run continues where the chain is watched. */
export function chainOf(app: App, incident: Incident, chainId = incident.chainId): ChainHandle {
  const chain = app.chains.get(chainId)
  if (chain !== undefined) return chain
  throw new CordonError({
    code: 'app.ChainNotWatched',
    message: `The incident is on chain ${chainId}, which this process does not watch.`,
    facts: { incidentId: incident.id, chainId },
    fix: 'Add the chain to cordon.config.ts and start again: the run goes on by itself.',
    retryable: true,
  })
}
