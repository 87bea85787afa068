import type { BlockBundle } from '../model/block.ts'
import type { Scope } from '../model/detector.ts'
import type { Address } from '../model/hex.ts'

/**
 * The scope with the proxies of this block added: whoever runs protected code in his own context is protected too,
 * because that is where its assets are. Nothing is remembered, so a rollback needs to undo nothing.
 */
export function withProxies(scope: Scope, bundle: BlockBundle): Scope {
  if (scope.kind === 'everything') return scope
  let addresses: Set<Address> | undefined
  for (const { frames } of bundle.transactions) {
    for (const { type, to, context } of frames) {
      if (type !== 'DELEGATECALL' || to === null || context === null) continue
      if (!scope.addresses.has(to) || scope.addresses.has(context)) continue
      addresses ??= new Set(scope.addresses)
      addresses.add(context)
    }
  }
  return addresses === undefined ? scope : { kind: 'contracts', addresses }
}
