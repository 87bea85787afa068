import { findCursor } from '../../store/cursors.ts'
import type { App } from '../context.ts'

/** Maximum wait for the recorder, which reports who did something in a block, milliseconds. */
const NAMED_WITHIN = 10_000

/** Waits until the recorder has reached a block, for at most {@link NAMED_WITHIN}. */
export async function untilRecorded(
  { store, clock }: App,
  { chainId, block }: { chainId: number; block: number },
): Promise<void> {
  const until = clock.now() + NAMED_WITHIN
  const isBehind = async (): Promise<boolean> =>
    ((await findCursor(store, chainId))?.processed?.number ?? -1) < block
  while ((await isBehind()) && clock.now() < until) await clock.sleep(100)
}
