import type { BlockRef } from '../../model/block.ts'
import type { Hash } from '../../model/hex.ts'

/** The recent canonical chain as we know it, oldest first, no gaps. */
export type Canonical = { refs: BlockRef[]; window: number }

export type Header = { number: number; hash: Hash; parentHash: Hash }

/** The relation of a header to the known chain; `older` is below everything remembered (a node that lags). */
export type Extension =
  | { kind: 'extends' }
  | { kind: 'known' }
  | { kind: 'older' }
  | { kind: 'gap'; from: number }
  | { kind: 'conflict' }

export function extension({ refs }: Canonical, header: Header): Extension {
  const tip = refs[refs.length - 1]
  if (tip === undefined) return { kind: 'extends' }
  if (header.number > tip.number + 1) return { kind: 'gap', from: tip.number + 1 }
  if (header.number === tip.number + 1)
    return header.parentHash === tip.hash ? { kind: 'extends' } : { kind: 'conflict' }
  const oldest = refs[0]?.number ?? 0
  if (header.number < oldest) return { kind: 'older' }
  const known = refs[header.number - oldest]
  return known?.hash === header.hash ? { kind: 'known' } : { kind: 'conflict' }
}

export function append(canonical: Canonical, ref: BlockRef): void {
  canonical.refs.push(ref)
  if (canonical.refs.length > canonical.window)
    canonical.refs.splice(0, canonical.refs.length - canonical.window)
}

/** Drops everything above `ancestor` and returns it, newest first. */
export function rewind(canonical: Canonical, ancestor: BlockRef): BlockRef[] {
  const keep = canonical.refs.filter((ref) => ref.number <= ancestor.number)
  const removed = canonical.refs.filter((ref) => ref.number > ancestor.number).reverse()
  canonical.refs = keep
  return removed
}
