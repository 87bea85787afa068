import type { BlockBundle } from '../../model/block.ts'
import type { Finding } from '../../model/finding.ts'
import { ownTransactions } from '../../store/broadcasts.ts'
import { alertsOf } from '../../triage/alerts.ts'
import type { App, ChainHandle } from '../context.ts'
import { assessed, budgetFindings, observeTraffic } from './assess.ts'
import { rememberOperations } from './operations.ts'

type Judged = { bundle: BlockBundle; findings: readonly Finding[] }

/** What the watcher notes of a judged block besides the record: traffic, its drift, what a pause is tried on. */
export async function takeNote(
  { app, chain }: { app: App; chain: ChainHandle },
  { bundle, findings: ruled }: Judged,
): Promise<void> {
  const findings = [...ruled, ...budgetFindings(chain, bundle)]
  noteOperations(chain, bundle, findings)
  const hashes = findings.flatMap(({ transactionHash }) => transactionHash ?? [])
  const own = await ownTransactions(app.store, chain.chainId, hashes)
  const others = findings.filter(({ transactionHash }) => !own.has(transactionHash ?? ''))
  const alerts = alertsOf(others).map((alert) => assessed(alert, bundle, chain))
  observeTraffic(chain, bundle, alerts)
}

/** Remembers the operations of a judged block; nothing while everything is watched. */
export function noteOperations(
  { engine, operations }: Pick<ChainHandle, 'engine' | 'operations'>,
  bundle: BlockBundle,
  findings: readonly Finding[],
): void {
  const { scope } = engine
  if (scope.kind === 'everything') return
  const suspects = new Set(findings.flatMap(({ transactionHash }) => transactionHash ?? []))
  rememberOperations(operations, bundle, { watched: scope.addresses, suspects })
}
