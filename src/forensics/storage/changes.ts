import type { Frame, StorageAccess } from '../../model/block.ts'
import type { Address, Hex } from '../../model/hex.ts'
import type { SlotChange } from '../../model/investigation.ts'
import type { StorageLayout } from './layout.ts'
import { keysOf, nameSlots, partOf } from './name-slots.ts'

export type ChangesOptions = {
  changes: readonly { address: Address; slot: Hex; before: Hex; after: Hex }[]
  frames: readonly Frame[]
  /** By the address of the code. */
  layouts: ReadonlyMap<Address, StorageLayout>
}

/** Changed slots with their names: for a proxy by the layout of the code that it ran. */
export function namedChanges({ changes, frames, layouts }: ChangesOptions): SlotChange[] {
  const keys = keysOf(wordsIn(frames))
  const names = new Map<Address, ReturnType<typeof nameSlots>>()
  return changes.map(({ address, slot, before, after }) => {
    const named = names.get(address) ?? nameSlots(layoutOf(address, { frames, layouts }), keys)
    names.set(address, named)
    const parts = (named.get(slot) ?? [])
      .map((part) => ({
        name: part.name,
        type: part.type,
        before: partOf(before, part),
        after: partOf(after, part),
      }))
      .filter((part) => part.before !== part.after)
    const touching = (op: StorageAccess['op']): number[] =>
      frames
        .filter(({ storage = [] }) =>
          storage.some((it) => it.op === op && it.address === address && it.slot === slot),
        )
        .map(({ index }) => index)
    return { address, slot, before, after, readIn: touching('read'), writtenIn: touching('write'), parts }
  })
}

/** The layout of the account itself, or of code that ran on its storage. */
function layoutOf(
  address: Address,
  { frames, layouts }: Omit<ChangesOptions, 'changes'>,
): StorageLayout | null {
  const ran = frames.filter(({ context, to }) => context === address && to !== null && layouts.has(to))
  const delegated = ran.find(({ type }) => type === 'DELEGATECALL')?.to
  return layouts.get(delegated ?? address) ?? null
}

/** Possible keys of a mapping: participants, topics, words of calldata, small numbers. */
function* wordsIn(frames: readonly Frame[]): Generator<Hex> {
  for (const { from, to } of frames) {
    if (from !== null) yield from
    if (to !== null) yield to
  }
  for (const { logs } of frames) for (const { topics } of logs) yield* topics.slice(1)
  for (let n = 0; n < 16; n++) yield `0x${n.toString(16)}`
  for (const { input, type } of frames)
    if (!type.startsWith('CREATE'))
      for (let at = 10; at + 64 <= Math.min(input.length, 10 + 64 * 32); at += 64)
        yield `0x${input.slice(at, at + 64)}`
}
