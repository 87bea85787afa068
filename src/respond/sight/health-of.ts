import { type Health, type HealthReason, worstOf } from '../../model/health.ts'
import { type ChainInputs, chainHealthOf } from './chain-health.ts'

export type HealthInputs = {
  database: { up: boolean }
  /** Pages of the last day that reached nobody; null if the record cannot be read. */
  undeliveredPages: number | null
  chains: readonly ChainInputs[]
}

/** The current health of a running Cordon, with reasons. Never `ok` if there is a reason. `now` in milliseconds. */
export function healthOf({ database, undeliveredPages, chains }: HealthInputs, now: number): Health {
  const judged = chains.map((chain) => chainHealthOf(chain, now))
  const reasons = [
    ...judged.flatMap((chain) => chain.reasons),
    ...(database.up ? [] : [databaseAway()]),
    ...(undeliveredPages ? [undelivered(undeliveredPages)] : []),
  ]
  return { status: worstOf(reasons), reasons, database, chains: judged.map(({ health }) => health) }
}

function databaseAway(): HealthReason {
  const message = 'The database does not answer: findings wait to be recorded, and no playbook runs.'
  return { code: 'database-away', status: 'degraded', message }
}

function undelivered(count: number): HealthReason {
  const message = `${count} ${count === 1 ? 'page' : 'pages'} of the last day reached nobody.`
  return { code: 'pages-undelivered', status: 'degraded', message }
}
