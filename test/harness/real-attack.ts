import type { Transaction } from '../../src/model/block.ts'
import { attackFile, bundlesOf } from './corpus.ts'
import { installPuppets, type Puppets, puppetsOf } from './puppet.ts'
import type { StateFork } from './state-fork.ts'

export type RealAttack = { transaction: Transaction; puppets: Puppets | null }

/**
 * The recorded attack on a forked protocol, ready to be repeated by puppets that are now on the fork. Whether it goes
 * through must be tried: the recorded test gave some of them tokens.
 */
export async function putUpAttack(fork: StateFork): Promise<RealAttack> {
  const [bundle] = await bundlesOf(attackFile(fork.name))
  const [transaction] = bundle?.transactions ?? []
  if (transaction === undefined) throw new Error(`no recorded attack on ${fork.name}`)
  const contracts = new Set(fork.contracts)
  const puppets = puppetsOf(transaction, (address) => contracts.has(address))
  if (puppets !== null) await installPuppets(fork.rpc, puppets)
  return { transaction, puppets }
}
