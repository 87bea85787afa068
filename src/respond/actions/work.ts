import type { WantedLever } from '../../contain/planning/plan.ts'
import type { Attack } from '../../contain/trials/attack.ts'
import { CordonError } from '../../kit/error.ts'
import type { Address } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import type { App, ChainHandle } from '../context.ts'

/** One contract to contain because of an incident, in one step of a run. */
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

/** The outcome of a plan of which nothing was sent. */
export function unsent(
  { target, planId }: { target: Address; planId: string | null },
  outcome: ContainOutcome['outcome'],
  reasons: readonly string[],
): ContainOutcome {
  return { target, planId, transactionHash: null, outcome, reasons: [...reasons] }
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
