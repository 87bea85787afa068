import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readBundles } from '../src/chain/bundle/read.ts'
import { consider, type InvariantOptions } from '../src/detect/detectors/invariants/invariants.ts'
import { emptyProtocol } from '../src/detect/detectors/invariants/model.ts'
import { observe } from '../src/detect/detectors/invariants/observe.ts'
import { blockFacts } from '../src/facts/facts.ts'
import type { BlockFacts } from '../src/model/fact.ts'
import type { Address } from '../src/model/hex.ts'
import { corpus } from './history.ts'
import { rate } from './interval.ts'
import type { Row } from './report.ts'

/**
 * Difficult traffic: the busiest contracts of mainnet blocks dense in arbitrage, each protected alone, with these
 * blocks as the only training data. No storage is recorded there, and all the traffic comes from other protocols and
 * bots, the class that the published false-positive rule covers. Every alert counts as false.
 */
export async function busyContracts(options: InvariantOptions, most: number): Promise<Row[]> {
  const blocks = await facts()
  let [told, seen, weak, restless] = [0, 0, 0, 0]
  const contracts = busiest(blocks, most)
  for (const address of contracts) {
    const protocol = emptyProtocol(address, [address])
    for (const { bundle, transactions } of blocks)
      for (const tx of transactions) {
        const observation = observe({ tx, bundle, members: protocol.addresses })
        if (observation === null) continue
        const { kind } = consider(observation, protocol, { options })
        seen++
        if (kind === 'flagged') told++
        if (kind === 'weak') weak++
        if (kind === 'restless') restless++
      }
  }
  return [
    {
      what: `${contracts.length} contracts`,
      'told, %': rate(told, seen),
      'new, but too weak to tell': weak,
      restless,
    },
  ]
}

async function facts(): Promise<BlockFacts[]> {
  const blocks: BlockFacts[] = []
  const folder = join(corpus, 'mev')
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.ndjson.gz')))
    for await (const bundle of readBundles(join(folder, name))) blocks.push(blockFacts(bundle))
  return blocks.sort((a, b) => a.bundle.number - b.bundle.number)
}

function busiest(blocks: readonly BlockFacts[], most: number): Address[] {
  const calls = new Map<Address, number>()
  for (const { transactions } of blocks)
    for (const { transaction } of transactions)
      for (const { to, type, reverted, input } of transaction.frames)
        if (to !== null && type === 'CALL' && !reverted && input.length >= 10)
          calls.set(to, (calls.get(to) ?? 0) + 1)
  return [...calls]
    .sort((a, b) => b[1] - a[1])
    .slice(0, most)
    .map(([address]) => address)
}
