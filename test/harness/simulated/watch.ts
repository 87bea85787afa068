import type { BlockRef } from '../../../src/model/block.ts'
import { watchHolds } from '../../../src/respond/upkeep/hold.ts'
import { resendRemoved } from '../../../src/respond/upkeep/resend.ts'
import { tendBroadcasts } from '../../../src/respond/upkeep/tend.ts'
import { findCursor, setProcessed } from '../../../src/store/cursors.ts'
import { FIRST_BLOCK } from './chain.ts'
import type { Life } from './life.ts'

/**
 * The watcher's work for containment, block by block, as in `watchChain`: a failure is tried again at the next block.
 * After a restart only the last processed block is remembered, as in `followHead`.
 */
export async function watchOnce(life: Life): Promise<void> {
  try {
    await look(life)
  } catch (thrown) {
    if (thrown instanceof TypeError) throw thrown
  }
}

async function look(life: Life): Promise<void> {
  const { refs, world } = life
  const { app, chain } = life.watching
  if (refs.length === 0) refs.push(await remembered(life))
  const canonical = (ref: BlockRef): boolean =>
    world.chain.blocks[ref.number - FIRST_BLOCK]?.hash === ref.hash
  for (;;) {
    const kept = refs.findLastIndex(canonical)
    if (kept < refs.length - 1) {
      const removed = refs.slice(kept + 1)
      const ancestor = refs[kept] ?? { number: (refs[0]?.number ?? 1) - 1, hash: null }
      await resendRemoved(app, chain, removed)
      await setProcessed(app.store, chain.chainId, ancestor)
      refs.splice(kept + 1)
      if (refs.length === 0) refs.push(refAt(life, ancestor.number))
      continue
    }
    const last = refs.at(-1)
    const block = world.chain.blocks[(last?.number ?? 0) + 1 - FIRST_BLOCK]
    if (block === undefined) return
    const ref = { number: block.number, hash: block.hash }
    await setProcessed(app.store, chain.chainId, ref)
    await watchHolds(app, chain, ref)
    await tendBroadcasts(app, chain, ref)
    refs.push(ref)
    if (refs.length > 64) refs.shift()
  }
}

async function remembered(life: Life): Promise<BlockRef> {
  const cursor = await findCursor(life.watching.app.store, life.watching.chain.chainId)
  return cursor?.processed ?? refAt(life, life.world.chain.blocks.at(-1)?.number ?? FIRST_BLOCK)
}

function refAt({ world }: Life, number: number): BlockRef {
  const hash = world.chain.blocks[number - FIRST_BLOCK]?.hash
  if (hash === undefined) throw new TypeError('a block that was seen is there')
  return { number, hash }
}
