import { toHex } from '../../chain/methods/block-tag.ts'
import { callContract } from '../../chain/methods/call.ts'
import { getCode } from '../../chain/methods/get-code.ts'
import { unlessDown } from '../../chain/rpc/failure.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { firstSlots, storageWords } from '../../chain/rpc/storage.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { isSomebody } from '../authority/named.ts'
import { type Code, resolveCode } from '../reading/code.ts'

/** A contract of the same protocol, as far as the chain shows it, with all its links. */
export type Related = {
  address: Address
  /** 1 for contracts that a protected contract names itself, 2 for those that they name. */
  steps: number
  /** How often a protected contract called it in ordinary operations. */
  calls: number
  /** `comptroller() of 0x… names it`, in the order of discovery. */
  evidence: string[]
}

/** The contracts that each protected contract called in ordinary operations, and how often. */
export type Callees = ReadonlyMap<Address, ReadonlyMap<Address, number>>

export type ProtocolOptions = {
  rpc: Rpc
  block: number
  target: Address
  callees?: Callees
}

const MOST_STEPS = 2
/** Limits on contracts kept, and on contracts whose own links are followed. */
const MOST_RELATED = 40
const MOST_FOLLOWED = 10
/** Limits on views called on one contract, and on slots read from it. */
const MOST_VIEWS = 160
const FIRST_SLOTS = 24

/**
 * The contracts that a protected one queries before it acts, or that control it: the answers of its views without
 * arguments, the addresses in its first storage slots and in its code, the contracts that it called in ordinary
 * operations; and the same of those. Bounded, the nearest first. All of this is the chain's state at the block, so use
 * a block before the attack: an attacked contract may name the attacker's.
 */
export async function relatedContracts(options: ProtocolOptions): Promise<Related[]> {
  const { rpc, block, target, callees = new Map() } = options
  const found = new Map<Address, Related>()
  let frontier: Address[] = [target]
  for (let steps = 1; steps <= MOST_STEPS && frontier.length > 0; steps++) {
    const links = await Promise.all(
      frontier.slice(0, MOST_FOLLOWED).map((from) => linksOf({ rpc, block, target: from, callees })),
    )
    const next: Address[] = []
    for (const { address, evidence, calls } of links.flat()) {
      const known = found.get(address)
      if (known !== undefined) known.evidence.push(evidence)
      else if (address !== target && found.size < MOST_RELATED) {
        found.set(address, { address, steps, calls, evidence: [evidence] })
        next.push(address)
      }
    }
    frontier = next
  }
  return [...found.values()].sort((a, b) => a.steps - b.steps || b.evidence.length - a.evidence.length)
}

type Link = { address: Address; evidence: string; calls: number }
type From = Required<ProtocolOptions>

async function linksOf(from: From): Promise<Link[]> {
  const { rpc, block, target, callees } = from
  const code = await resolveCode(rpc, target, toHex(block))
  if (code.bytecode === '0x') return []
  const links = [...(await byViews(from, code)), ...calledBy(target, callees)]
  links.push(...(await bySlots(from)))
  for (const address of code.addresses)
    links.push({ address, evidence: `written in the code of ${target}`, calls: 0 })
  const others = links.filter(
    ({ address }) => isSomebody(address) && address !== target && address !== code.implementation,
  )
  const codes = new Map<Address, Promise<boolean>>()
  const hasCode = (address: Address): Promise<boolean> => {
    const asked = codes.get(address) ?? isContract(rpc, address, block)
    codes.set(address, asked)
    return asked
  }
  const are = await Promise.all(others.map(({ address }) => hasCode(address)))
  return others.filter((_, i) => are[i])
}

async function byViews({ rpc, block, target }: From, { selectors }: Code): Promise<Link[]> {
  const links = await Promise.all(
    [...selectors].slice(0, MOST_VIEWS).map(async (selector) => {
      const address = addressOf(await answerOf(rpc, { target, selector, block }))
      const evidence = `${selector}() of ${target} answers it`
      return address === undefined ? undefined : { address, evidence, calls: 0 }
    }),
  )
  return links.filter((link) => link !== undefined)
}

async function answerOf(
  rpc: Rpc,
  { target, selector, block }: { target: Address; selector: Hex; block: number },
): Promise<string> {
  const call = { to: target, data: selector, gas: 500_000n }
  return callContract(rpc, call, { block }).catch((thrown) => {
    unlessDown(thrown)
    return '0x'
  })
}

function addressOf(word: string): Address | undefined {
  return /^0x0{24}[0-9a-f]{40}$/i.test(word) ? `0x${word.slice(26).toLowerCase()}` : undefined
}

function calledBy(target: Address, callees: Callees): Link[] {
  return [...(callees.get(target) ?? [])].map(([address, calls]) => ({
    address,
    calls,
    evidence: `${target} called it in ordinary operations, ${calls} times`,
  }))
}

/** An address may share its slot with flags, on either side. */
async function bySlots({ rpc, block, target }: From): Promise<Link[]> {
  const slots = firstSlots(FIRST_SLOTS)
  const words = await storageWords(rpc, { address: target, slots, block: toHex(block) })
  return words.flatMap((word, slot) =>
    addressesIn(word.slice(2)).map((address) => ({
      address,
      evidence: `slot ${slot} of ${target} holds it`,
      calls: 0,
    })),
  )
}

function addressesIn(word: string): Address[] {
  return [0, 1, 2].flatMap((bytes) => {
    const end = 64 - 2 * bytes
    const address = word.slice(end - 40, end).toLowerCase()
    // a number looks like an address with many leading zeros
    return address.startsWith('0'.repeat(12)) ? [] : [`0x${address}` as Address]
  })
}

async function isContract(rpc: Rpc, address: Address, block: number): Promise<boolean> {
  const code = await getCode(rpc, address, block)
  return code !== '0x' && !code.startsWith('0xef0100')
}
