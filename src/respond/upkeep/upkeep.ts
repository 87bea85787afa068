import { messageOf } from '../../kit/error.ts'
import type { BlockRef } from '../../model/block.ts'
import type { App, ChainHandle } from '../context.ts'

export type UpkeepTask = {
  name: string
  /** Checks the chain as of a block. An error that it throws is reported; the next block is another chance. */
  run: (app: App, chain: ChainHandle, block: BlockRef) => Promise<void>
}

export type Upkeep = {
  /** A block was judged: every idle task checks it, the others check the newest one when they are done. */
  onBlock(block: BlockRef): void
  /** Resolves when no task runs any more; no task begins after the call. */
  stop(): Promise<void>
}

/** Next to the block path: each task has its own pace and its own failures, and never runs twice in parallel. */
export function startUpkeep(app: App, chain: ChainHandle, tasks: readonly UpkeepTask[]): Upkeep {
  let stopped = false
  const lanes = tasks.map((task) => ({
    task,
    next: null as BlockRef | null,
    running: null as Promise<void> | null,
  }))
  const work = async (lane: (typeof lanes)[number]): Promise<void> => {
    while (lane.next !== null && !stopped) {
      const block = lane.next
      lane.next = null
      await runTask(app, chain, { name: lane.task.name, act: () => lane.task.run(app, chain, block) })
    }
    lane.running = null
  }
  return {
    onBlock(block) {
      for (const lane of lanes) {
        lane.next = block
        lane.running ??= work(lane)
      }
    },
    async stop() {
      stopped = true
      await Promise.all(lanes.map(({ running }) => running))
    },
  }
}

/**
 * Runs one upkeep task. A failure is reported when it begins and when it is over, and stays in the chain's vitals in
 * between; it never goes further. False if it failed.
 */
export async function runTask(
  app: App,
  chain: ChainHandle,
  { name, act }: { name: string; act: () => Promise<void> },
): Promise<boolean> {
  const { chainId, vitals } = chain
  const before = vitals.upkeepFailures.get(name)
  try {
    await act()
    if (before === undefined) return true
    vitals.upkeepFailures = new Map([...vitals.upkeepFailures].filter(([failing]) => failing !== name))
    const message = `The ${name} work again.`
    app.logger.info({ chainId, task: name }, message)
    app.hub.tell({ type: 'notice', chainId, code: 'upkeep-recovered', message, facts: { task: name } })
    return true
  } catch (thrown) {
    const reason = messageOf(thrown)
    vitals.upkeepFailures = new Map([...vitals.upkeepFailures, [name, reason]])
    if (before !== undefined) return false
    const message = `The ${name} fail; Cordon tries them again at each block, and detection continues.`
    app.logger.error({ chainId, task: name, reason }, message)
    app.hub.tell({ type: 'notice', chainId, code: 'upkeep-failed', message, facts: { task: name, reason } })
    return false
  }
}
