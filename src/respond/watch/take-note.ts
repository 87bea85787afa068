import { alertsOf } from '../../incidents/alerts.ts'
import { assessed, budgetFindings, observeTraffic } from '../../incidents/assess.ts'
import type { Alert } from '../../model/alert.ts'
import type { BlockBundle } from '../../model/block.ts'
import type { Finding } from '../../model/finding.ts'
import type { App, ChainHandle } from '../context.ts'
import { rememberCallees } from '../memory/callees.ts'
import { rememberOperations } from '../memory/operations.ts'

type Judged = { bundle: BlockBundle; findings: readonly Finding[] }

/**
 * Records the watcher's observations of a judged block besides the record: traffic, its drift, the calls that a pause
 * is tried on.
 */
export function takeNote(
  { app, chain }: { app: App; chain: ChainHandle },
  { bundle, findings: ruled }: Judged,
): void {
  const findings = [...ruled, ...budgetFindings(chain, bundle)]
  noteOperations(chain, bundle, findings)
  const alerts = alertsOf(findings).map((alert) => assessed(alert, bundle, chain))
  observeTraffic(chain, bundle, alerts.filter(notFromUs(bundle, app)))
}

/** Transactions of Cordon's own signers are not a sign of an attack, as far as the learned traffic goes. */
export function notFromUs({ transactions }: BlockBundle, { signers }: App): (alert: Alert) => boolean {
  const ours = new Set(
    transactions.flatMap(({ hash, from }) => (from !== null && signers.has(from) ? [hash] : [])),
  )
  return ({ transactionHash }) => transactionHash === null || !ours.has(transactionHash)
}

/** Remembers the operations of a judged block; nothing while everything is watched. */
export function noteOperations(
  { engine, operations, protocol }: Pick<ChainHandle, 'engine' | 'operations' | 'protocol'>,
  bundle: BlockBundle,
  findings: readonly Finding[],
): void {
  const { scope } = engine
  if (scope.kind === 'everything') return
  const suspects = new Set(findings.flatMap(({ transactionHash }) => transactionHash ?? []))
  const which = { watched: scope.addresses, suspects }
  rememberOperations(operations, bundle, which)
  rememberCallees(protocol.callees, bundle, which)
}
