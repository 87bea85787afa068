import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readBundles } from '../src/chain/bundle/read.ts'
import { observe } from '../src/detect/detectors/invariants/observe.ts'
import { blockFacts } from '../src/facts/facts.ts'
import type { BlockFacts, TransactionFacts } from '../src/model/fact.ts'
import type { Address } from '../src/model/hex.ts'
import type { Item } from './history.ts'

/** A contract of the recorded blocks as a protocol of its own: short, benign, and mostly used by other contracts. */
export type Stream = { name: string; set: string; address: Address; items: Item[] }

const FEWEST = 11
const MOST = 1_500

/** Contracts with at least 11 transactions in a file of `benign/`, or in `mev/` or `blocks/`, from the first one on. */
export async function readPool(folder: string): Promise<Stream[]> {
  const streams: Stream[] = []
  for (const [set, files] of poolFiles(folder)) {
    const blocks: BlockFacts[] = []
    for (const file of files)
      for await (const bundle of readBundles(join(folder, file))) blocks.push(blockFacts(bundle))
    blocks.sort((x, y) => x.bundle.number - y.bundle.number)
    streams.push(...streamsOf(blocks, set))
  }
  return streams
}

function poolFiles(folder: string): Map<string, string[]> {
  const files = new Map<string, string[]>()
  const names = (path: string): string[] => readdirSync(join(folder, path)).sort()
  for (const set of names('benign'))
    for (const file of names(`benign/${set}`))
      if (file.endsWith('.gz')) files.set(`benign/${set}/${file}`, [`benign/${set}/${file}`])
  for (const set of ['mev', 'blocks'])
    files.set(
      set,
      names(set)
        .filter((file) => file.endsWith('.gz'))
        .map((file) => `${set}/${file}`),
    )
  return files
}

type Use = { tx: TransactionFacts; bundle: BlockFacts['bundle'] }

function streamsOf(blocks: readonly BlockFacts[], set: string): Stream[] {
  const uses = new Map<Address, Use[]>()
  for (const { bundle, transactions } of blocks)
    for (const tx of transactions)
      for (const address of called(tx)) {
        const list = uses.get(address) ?? []
        list.push({ tx, bundle })
        uses.set(address, list)
      }
  return [...uses].flatMap(([address, list]) => {
    if (list.length < FEWEST) return []
    const members = new Set([address])
    const items = list.slice(0, MOST).flatMap(({ tx, bundle }): Item[] => {
      const seen = observe({ tx, bundle, members })
      return seen === null ? [] : [{ hash: tx.transaction.hash, direct: false, seen }]
    })
    return items.length < FEWEST ? [] : [{ name: `${set}:${address}`, set, address, items }]
  })
}

function called({ transaction }: TransactionFacts): Set<Address> {
  const addresses = new Set<Address>()
  for (const { to, type, reverted, input } of transaction.frames)
    if (to !== null && type === 'CALL' && !reverted && input.length >= 10) addresses.add(to)
  return addresses
}
