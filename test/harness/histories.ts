import { writeFile } from 'node:fs/promises'
import { TOPICS } from '../../src/facts/signatures.ts'
import type { Label } from '../../src/model/label.ts'
import type { Act } from './acts.ts'
import type { BlockParts } from './build.ts'
import { address, call, hashOf, log, pay, rawBlock, topicOf, ZERO } from './build.ts'
import { attackLabel } from './judged.ts'

export const till = address('till')
const [thief, bot, coin] = [address('thief'), address('bot'), address('coin')]

/** An account makes itself the owner of the till and empties it: critical. */
export const takeover: Act = {
  from: thief,
  root: call(
    bot,
    { input: '0xc0406226' },
    call(
      till,
      { input: '0x8129fc1c' },
      log(till, [TOPICS['OwnershipTransferred(address,address)'], topicOf(ZERO), topicOf(bot)]),
    ),
    call(till, { input: '0x3ccfd60b' }, pay(coin, { from: till, to: bot, amount: 500n })),
  ),
}

/** A harmless act. */
export const quiet: Act = { from: address('alice'), root: call(address('bob'), {}) }

export async function writeHistory(file: string, blocks: readonly BlockParts[]): Promise<string> {
  const lines = blocks.map((parts) => JSON.stringify(rawBlock(parts)))
  await writeFile(file, `${lines.join('\n')}\n`)
  return file
}

/** A history of quiet blocks with a takeover in the middle, its hash named for the history. */
export function historyOf(name: string, length: number): BlockParts[] {
  return Array.from({ length }, (_, i) => ({
    number: i + 1,
    transactions: [i === Math.floor(length / 2) ? { name, ...takeover } : { name: `${name} ${i}`, ...quiet }],
  }))
}

export function takeoverLabel(name: string, parts: Partial<Label> = {}): Label {
  return attackLabel(name, {
    transactions: [hashOf(name)],
    vulnerableContracts: [till],
    tags: ['access control'],
    ...parts,
  })
}
