import type { BlockBundle, Frame, Log } from '../model/block.ts'
import type { Address, Hex } from '../model/hex.ts'
import { selectorOf, wordAt } from '../model/hex.ts'
import { SELECTORS, TOPICS } from './signatures.ts'

export type TokenKind = 'erc20' | 'erc721'

/** The kinds of a block's tokens, where their logs alone do not show it; determined only for the logs that need it. */
export type TokenKinds = { of(token: Address): TokenKind | undefined }

/** Votes for one token, positive for EIP-20. A feature of only one of the standards counts; a shared one does not. */
type Votes = Map<Address, number>

const SURE = 8
const LIKELY = 2

/**
 * The kinds of a block’s tokens, from their answers to calls (`decimals()`, `supportsInterface`, functions of only one
 * standard) and from the shape of their other logs. One pass over the block at the first query.
 */
export function tokenKindsOf(bundle: BlockBundle): TokenKinds {
  let votes: Votes | undefined
  return {
    of(token) {
      votes ??= votesIn(bundle)
      const sum = votes.get(token) ?? 0
      return sum === 0 ? undefined : sum > 0 ? 'erc20' : 'erc721'
    },
  }
}

function votesIn({ transactions }: BlockBundle): Votes {
  const votes: Votes = new Map()
  const vote = (token: Address | null, weight: number): void => {
    if (token !== null && weight !== 0) votes.set(token, (votes.get(token) ?? 0) + weight)
  }
  for (const { frames, logs } of transactions) {
    for (const frame of frames) {
      if (frame.error === null) vote(frame.to, answerWeight(frame))
      if (isAskedToReceive(frame)) vote(frame.from, -SURE)
      for (const log of frame.logs) vote(log.address, logWeight(log))
    }
    for (const log of logs ?? []) vote(log.address, logWeight(log))
  }
  return votes
}

/** ERC-165 ids: of EIP-721 and, as some tokens answer, of EIP-20. */
const ERC721_ID = '80ac58cd'
const ERC20_ID = '36372b07'

const ONLY_20: ReadonlySet<string> = new Set<Hex>(['0xdd62ed3e']) // allowance(address,address)
const ONLY_721: ReadonlySet<string> = new Set<Hex>([
  '0x6352211e', // ownerOf(uint256)
  '0x081812fc', // getApproved(uint256)
  '0xc87b56dd', // tokenURI(uint256)
  '0xe985e9c5', // isApprovedForAll(address,address)
])

function answerWeight({ input, output }: Frame): number {
  const selector = selectorOf(input)
  const answer = wordAt(output, 0)
  if (selector === undefined || answer === undefined) return 0
  if (selector === '0x313ce567') return isDecimals(answer) ? SURE : 0
  if (selector === '0x01ffc9a7') return interfaceWeight(input.slice(10, 18), BigInt(`0x${answer}`) === 1n)
  if (ONLY_20.has(selector)) return LIKELY
  if (ONLY_721.has(selector)) return -LIKELY
  const moves =
    selector === SELECTORS['transfer(address,uint256)'] ||
    selector === SELECTORS['transferFrom(address,address,uint256)']
  return moves && BigInt(`0x${answer}`) === 1n ? LIKELY : 0
}

/** Tokens that cannot be divided answer 0, and so do some that are not EIP-20. */
function isDecimals(answer: string): boolean {
  const decimals = BigInt(`0x${answer}`)
  return decimals > 0n && decimals <= 77n
}

function interfaceWeight(id: string, isSupported: boolean): number {
  if (id === ERC721_ID) return isSupported ? -2 * SURE : LIKELY
  return id === ERC20_ID && isSupported ? SURE : 0
}

/** `onERC721Received(address,address,uint256,bytes)`, called by the token. */
function isAskedToReceive({ type, input, error }: Frame): boolean {
  return type === 'CALL' && error === null && input.startsWith('0x150b7a02')
}

/** Logs in the shape of one standard; a log with neither shape does not count. */
function logWeight({ topics, data }: Log): number {
  const [topic] = topics
  if (topic === TOPICS['ApprovalForAll(address,address,bool)']) return -LIKELY
  const isShared =
    topic === TOPICS['Transfer(address,address,uint256)'] ||
    topic === TOPICS['Approval(address,address,uint256)']
  if (isShared) return topics.length === 3 && data.length >= 66 ? LIKELY : 0
  const isWrap =
    topic === TOPICS['Deposit(address,uint256)'] || topic === TOPICS['Withdrawal(address,uint256)']
  return isWrap && topics.length === 2 ? LIKELY : 0
}
