import type { BlockBundle } from '../../model/block.ts'
import type { Scope } from '../../model/detector.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'

/** A scope, and for each proxy in it the protected code that it ran. */
export type ProxiedScope = { scope: Scope; implementations: ReadonlyMap<Address, Address> }

const NONE: ReadonlyMap<Address, Address> = new Map()

/**
 * The scope with the proxies of this block added: whoever runs protected code in his own context is protected too,
 * because that is where its assets are. Nothing is remembered, so a rollback needs to undo nothing.
 */
export function withProxies(scope: Scope, bundle: BlockBundle): ProxiedScope {
  if (scope.kind === 'everything') return { scope, implementations: NONE }
  const implementations = new Map<Address, Address>()
  for (const { frames } of bundle.transactions) {
    for (const { type, to, context } of frames) {
      if (type !== 'DELEGATECALL' || to === null || context === null) continue
      if (scope.addresses.has(to) && !scope.addresses.has(context)) implementations.set(context, to)
    }
  }
  if (implementations.size === 0) return { scope, implementations }
  return {
    scope: { kind: 'contracts', addresses: new Set([...scope.addresses, ...implementations.keys()]) },
    implementations,
  }
}

/** A finding about a proxy names the code that it ran as a victim too: that is where the flaw is. */
export function withImplementations(
  finding: Finding,
  implementations: ReadonlyMap<Address, Address>,
): Finding {
  const behind = finding.victims.flatMap((victim) => implementations.get(victim) ?? [])
  return behind.length === 0
    ? finding
    : { ...finding, victims: [...new Set([...finding.victims, ...behind])] }
}
