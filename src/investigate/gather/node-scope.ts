import { toFunctionSelector } from 'viem'
import { resolveCode } from '../../contain/reading/code.ts'
import { type Coded, siblingsOf } from '../../forensics/code/siblings.ts'
import { messageOf } from '../../kit/error.ts'
import type { Address, Hex } from '../../model/hex.ts'
import type { Investigation } from '../../model/investigation.ts'
import type { Questions } from './questions.ts'

/** Addresses whose code is compared; proxies take a few queries each. */
const MOST_CANDIDATES = 500

/** The contracts that now have the code, or the weak function, of the one that the first hypothesis names. */
export async function siblingsAt(
  questions: Questions,
  { rootCause }: Investigation,
  candidates: readonly Address[],
): Promise<Investigation['scope']['siblings']> {
  const { contract, function: name } = rootCause
  if (contract === null) {
    questions.unknown.add('no hypothesis names a contract: nothing to compare other contracts with')
    return undefined
  }
  const weak = await codedAt(questions, contract)
  if (weak === undefined || weak.code.length <= 2) return undefined
  const others: Coded[] = []
  for (const address of new Set(candidates.slice(0, MOST_CANDIDATES))) {
    const coded = await codedAt(questions, address)
    if (coded !== undefined) others.push(coded)
  }
  if (candidates.length > MOST_CANDIDATES)
    questions.unknown.add(`only the first ${MOST_CANDIDATES} of ${candidates.length} addresses were compared`)
  return siblingsOf(weak, { candidates: others, selector: selectorIn(name) })
}

async function codedAt(questions: Questions, address: Address): Promise<Coded | undefined> {
  try {
    const { implementation, bytecode } = await resolveCode(questions.rpc, address, 'latest')
    return { address, implementation, code: bytecode.toLowerCase() as Hex }
  } catch (thrown) {
    questions.unknown.add(`code of ${address}: the node does not tell: ${messageOf(thrown).slice(0, 200)}`)
    return undefined
  }
}

/** A function as hypotheses name it: by signature, or by selector alone. */
function selectorIn(name: string | null): Hex | null {
  if (name === null) return null
  if (/^0x[0-9a-f]{8}$/.test(name)) return name as Hex
  try {
    return toFunctionSelector(`function ${name}`)
  } catch {
    return null
  }
}
