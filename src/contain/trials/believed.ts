import { toHex } from '../../chain/methods/block-tag.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { firstSlots, storageWords } from '../../chain/rpc/storage.ts'
import { NATIVE } from '../../model/block.ts'
import type { LossCompared } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import { resolveCode } from '../reading/code.ts'
import { isReduced, isStopped } from './losses.ts'

/** Storage slots of a contract that are searched for the tokens that it holds. */
const SLOTS = 32

/**
 * Losses of the protected contract whose token occurs in its own code or first storage slots, or is the coin or the
 * contract itself: a token that an attacker wrote can claim that it left any account, whatever lever is pulled. Where
 * some losses stop or fall and others do not, those of unknown tokens are left out; where no token is known, all are
 * trusted.
 */
export async function believed(
  rpc: Rpc,
  { compared, protects, block }: { compared: readonly LossCompared[]; protects: Address; block: number },
): Promise<LossCompared[]> {
  const own = compared.filter(({ account }) => account === protects)
  if (!own.some(isReduced) || own.every(isStopped)) return [...compared]
  const known = await mentionedBy(rpc, protects, block)
  const isKnown = ({ asset }: LossCompared): boolean =>
    asset === NATIVE || asset === protects || known.includes(asset.slice(2))
  if (!own.some(isKnown)) return [...compared]
  return compared.filter((loss) => loss.account !== protects || isKnown(loss))
}

/** Code and first storage of a contract as one text in which addresses can be searched. */
async function mentionedBy(rpc: Rpc, account: Address, block: number): Promise<string> {
  const at = toHex(block)
  const [{ bytecode }, words] = await Promise.all([
    resolveCode(rpc, account, at),
    storageWords(rpc, { address: account, slots: firstSlots(SLOTS), block: at }),
  ])
  return [bytecode, ...words].join(' ').toLowerCase()
}
