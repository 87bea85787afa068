import type { Frame, Log } from '../model/block.ts'
import { entryFrame } from '../model/block.ts'
import type { Address } from '../model/hex.ts'
import { addressFromWord, selectorOf, wordAt } from '../model/hex.ts'
import { SELECTORS } from './signatures.ts'
import type { TokenKind, TokenKinds } from './token-kinds.ts'

/** The three parameters of `Transfer` and `Approval`: two accounts and a number. */
export type Triple = { first: Address; second: Address; number: bigint }

/** The position of a log, and what is known about the tokens of its block. */
export type LogPlace = { frame: number; frames: readonly Frame[]; kinds: TokenKinds }

/** Which of the three parameters may be indexed, the usual form first. */
const INDEXED: readonly (readonly (readonly boolean[])[])[] = [
  [[false, false, false]],
  [
    [true, false, false],
    [false, true, false],
    [false, false, true],
  ],
  [
    [true, true, false],
    [true, false, true],
    [false, true, true],
  ],
  [[true, true, true]],
]

/** Every reading of a log whose author chose which parameters are indexed, the usual one first. */
export function readingsOf(log: Log): Triple[] {
  return (INDEXED[log.topics.length - 1] ?? []).flatMap((indexed) => readAs(log, indexed) ?? [])
}

function readAs(log: Log, indexed: readonly boolean[]): Triple | undefined {
  let topic = 1
  let word = 0
  const words: (string | undefined)[] = indexed.map((isIndexed) =>
    isIndexed ? log.topics[topic++]?.slice(2) : wordAt(log.data, word++),
  )
  const [first, second] = [words[0], words[1]].map((it) =>
    it === undefined ? undefined : addressFromWord(it),
  )
  const number = words[2]
  if (first === undefined || second === undefined || number === undefined) return undefined
  return { first, second, number: BigInt(`0x${number}`) }
}

/** The movement that a call requested from a token, by any standard. */
export type Asked = { from: Address | null; to: Address; number: bigint; isSafe: boolean; answered: boolean }

/**
 * The reading of a log that a call requested, with the call: the one that entered the token and led to the log; for
 * receipts, which do not show the position, any call of the token. Undefined where no call requested it.
 */
export function readingAsked(
  log: Log,
  readings: readonly Triple[],
  { frame, frames }: LogPlace,
): { triple: Triple; asked: Asked } | undefined {
  const entry = frame >= 0 ? entryFrame(log.address, frame, frames) : undefined
  const own = entry === undefined ? undefined : askedIn(entry)
  for (const triple of readings) {
    const calls = frame >= 0 ? [own] : (callsIn(frames).get(keyOf(log.address, triple.number)) ?? [])
    const asked = calls.find(
      (it) => it?.number === triple.number && it.to === triple.second && it.from === triple.first,
    )
    if (asked !== undefined) return { triple, asked }
  }
  return undefined
}

type Calls = ReadonlyMap<string, readonly Asked[]>
const callsByTrace = new WeakMap<readonly Frame[], Calls>()

/** The requests to any token in a trace, by token and number; read once. */
function callsIn(frames: readonly Frame[]): Calls {
  const known = callsByTrace.get(frames)
  if (known !== undefined) return known
  const calls = new Map<string, Asked[]>()
  for (const frame of frames) {
    const asked = frame.to === null || frame.error !== null ? undefined : askedIn(frame)
    if (frame.to === null || asked === undefined) continue
    const key = keyOf(frame.to, asked.number)
    calls.set(key, [...(calls.get(key) ?? []), asked].slice(0, MOST_ALIKE))
  }
  callsByTrace.set(frames, calls)
  return calls
}

/** Maximum calls that request the same number from one token: more add no information. */
const MOST_ALIKE = 16

function keyOf(token: Address, number: bigint): string {
  return `${token}${number}`
}

const SAFE: ReadonlySet<string> = new Set([
  SELECTORS['safeTransferFrom(address,address,uint256)'],
  SELECTORS['safeTransferFrom(address,address,uint256,bytes)'],
])

function askedIn({ input, from: caller, output }: Frame): Asked | undefined {
  const selector = selectorOf(input)
  if (selector === undefined) return undefined
  const isSafe = SAFE.has(selector)
  const hasFrom = isSafe || selector === SELECTORS['transferFrom(address,address,uint256)']
  if (!hasFrom && selector !== SELECTORS['transfer(address,uint256)']) return undefined
  const [from, to] = hasFrom ? [accountAt(input, 0), accountAt(input, 1)] : [caller, accountAt(input, 0)]
  const number = wordAt(input, hasFrom ? 2 : 1, 10)
  if (from === undefined || to === undefined || number === undefined) return undefined
  const answer = wordAt(output, 0)
  const answered = answer !== undefined && BigInt(`0x${answer}`) === 1n
  return { from, to, number: BigInt(`0x${number}`), isSafe, answered }
}

function accountAt(input: Frame['input'], n: number): Address | undefined {
  const word = wordAt(input, n, 10)
  return word === undefined ? undefined : addressFromWord(word)
}

/** Numbers from here on count as amounts, where a log and a call leave both open. */
const LEAST_AMOUNT = 10n ** 11n

/**
 * The standard of a `Transfer` with three or with fewer than two indexed parameters: from the call next to it, from
 * what is known about the token, else from its shape (three indexed are EIP-721’s). Without an answer to the call and
 * without indices it is an early NFT (CryptoKitties) where the number is small, else an early EIP-20 token.
 */
export function kindOf(
  log: Log,
  number: bigint,
  { asked, kinds }: { asked: Asked | undefined; kinds: TokenKinds },
): TokenKind {
  if (asked?.isSafe === true) return 'erc721'
  const known = kinds.of(log.address)
  if (known !== undefined) return known
  if (asked?.answered === true) return 'erc20'
  if (log.topics.length === 4) return 'erc721'
  return asked !== undefined && number < LEAST_AMOUNT ? 'erc721' : 'erc20'
}
