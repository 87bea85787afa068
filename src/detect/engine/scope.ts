import type { BlockBundle } from '../../model/block.ts'
import type { Scope } from '../../model/detector.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'

/** A scope, and for each proxy in it the protected code that it ran. */
export type ProxiedScope = { scope: Scope; implementations: ReadonlyMap<Address, Address> }

const NONE: ReadonlyMap<Address, Address> = new Map()

/**
 * The scope with the proxies of this block added: an account that runs protected code in its own context is protected
 * too, because its assets are there. Nothing is remembered, so a rollback has nothing to undo.
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

/** A finding about a proxy also names the code that it ran as a victim: the flaw is in that code. */
export function withImplementations(
  finding: Finding,
  implementations: ReadonlyMap<Address, Address>,
): Finding {
  const behind = finding.victims.flatMap((victim) => implementations.get(victim) ?? [])
  return behind.length === 0
    ? finding
    : { ...finding, victims: [...new Set([...finding.victims, ...behind])] }
}
