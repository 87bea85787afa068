import { toFunctionSelector } from 'viem'
import type { Hex } from '../../../model/hex.ts'
import { selectorOf } from '../../../model/hex.ts'
import type { Claim } from '../../lib/claims.ts'
import type { Look } from './look.ts'

const NAMES = ['initialize', 'init', 'initWallet', 'initContract']
const TYPES = ['address', 'uint256', 'address[]', 'uint256[]', 'string', 'bytes']
const MOST_ARGUMENTS = 4

let known: ReadonlySet<Hex> | undefined

/**
 * Selectors of functions that are named like an initialiser and take up to four common arguments: 6,220, computed at the
 * first use (0.2 s). Another function has one of them by chance once in 690,000.
 */
function initialisers(): ReadonlySet<Hex> {
  if (known !== undefined) return known
  let lists: string[][] = [[]]
  const all: string[][] = [[]]
  for (let n = 0; n < MOST_ARGUMENTS; n++) {
    lists = lists.flatMap((list) => TYPES.map((type) => [...list, type]))
    all.push(...lists)
  }
  known = new Set(NAMES.flatMap((name) => all.map((list) => toFunctionSelector(`${name}(${list.join()})`))))
  return known
}

/**
 * A protected contract that was not created in the transaction went through an initialiser: it had been left uninitialised, or
 * it can be initialised again, and its caller becomes the owner. Nothing need be paid at once.
 */
export function initialisedLate({ tx, actors, isWatched, made }: Look): Claim[] {
  return tx.transaction.frames.flatMap((frame): Claim[] => {
    const { type, context, from, reverted, input, index } = frame
    if (type !== 'CALL' || reverted || !isWatched(context) || made.has(context)) return []
    if (from === null || !actors.has(from)) return []
    const selector = selectorOf(input)
    if (selector === undefined || !initialisers().has(selector)) return []
    return [
      {
        contract: context,
        victims: [],
        confidence: 0.7,
        categories: ['access-control'],
        statement: `${from} initialised ${context}, which existed already, and the call went through (frame ${index}).`,
        frames: [index],
      },
    ]
  })
}
