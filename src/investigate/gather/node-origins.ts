import { blockFacts } from '../../facts/facts.ts'
import { orderOf } from '../../forensics/actors/funders.ts'
import type { Origin, Payment } from '../../forensics/actors/known.ts'
import { type AddressLabel, endsFlow } from '../../model/address-label.ts'
import type { Address } from '../../model/hex.ts'
import { balanceAt, blockAt, codeAt, firstBlock, type Questions, sentAt } from './questions.ts'

/** Payers that are followed backwards from one account. */
const MOST_HOPS = 4
/** An account that had sent more than this is not a throwaway: its first payer is unrelated to the attack. */
const MOST_NONCE = 50
const MOST_CONTRACTS = 30
const MOST_ACCOUNTS = 10

export type Beginnings = {
  origins: Map<Address, Origin>
  payments: Payment[]
}

export type BeginningsOptions = {
  accounts: readonly Address[]
  contracts: readonly Address[]
  /** Created in the record: no query is needed. */
  created: ReadonlySet<Address>
  /** The block of the first investigated transaction. */
  first: number
  labels: ReadonlyMap<Address, AddressLabel>
}

/**
 * The origins of accounts that a plain node can show: when a contract got code and who had it created, when a fresh
 * account got coin and who paid it, and so on from payer to payer. Uses bisection, so it needs an archive; answers that
 * a node does not give are in `questions.unknown`.
 */
export async function beginningsOf(questions: Questions, options: BeginningsOptions): Promise<Beginnings> {
  const found: Beginnings = { origins: new Map(), payments: [] }
  for (const contract of options.contracts.slice(0, MOST_CONTRACTS))
    if (!options.created.has(contract))
      await askContract(questions, contract, { found, before: options.first - 1 })
  for (const account of options.accounts.slice(0, MOST_ACCOUNTS))
    await askAccount(questions, account, { found, options })
  return found
}

type Asking = { found: Beginnings; before: number }

async function askContract(questions: Questions, address: Address, { found, before }: Asking): Promise<void> {
  const code = await codeAt(questions, address, before)
  if (code === undefined || code === '0x') return
  const block = await firstBlock(before, async (number) => {
    const then = await codeAt(questions, address, number)
    return then === undefined ? undefined : then !== '0x'
  })
  const bundle = block === undefined ? undefined : await blockAt(questions, block)
  if (bundle === undefined) return
  const creation = bundle.transactions.find(
    ({ frames, contractAddress }) =>
      contractAddress === address ||
      frames.some(({ type, to, reverted }) => type.startsWith('CREATE') && to === address && !reverted),
  )
  if (creation === undefined) {
    questions.unknown.add(
      `${address} has code since block ${bundle.number}, and no transaction there shows who made it`,
    )
    return
  }
  const { from, hash } = creation
  const createdAt = { block: bundle.number, transactionHash: hash }
  found.origins.set(address, from === null ? { createdAt } : { createdAt, deployer: from })
}

type AskingAccount = { found: Beginnings; options: BeginningsOptions }

/** From payer to payer, backwards, to a labelled end, an old account or a contract. */
async function askAccount(
  questions: Questions,
  first: Address,
  { found, options }: AskingAccount,
): Promise<void> {
  let [account, before] = [first, options.first - 1]
  for (let hop = 0; hop < MOST_HOPS && before >= 0; hop++) {
    const sent = await sentAt(questions, account, before)
    if (sent === undefined) return
    const had = found.origins.get(account)
    if (had?.nonce === undefined) found.origins.set(account, { ...had, nonce: sent })
    if (sent > MOST_NONCE) return
    const payment = await firstPayment(questions, account, before)
    if (payment === undefined) return
    found.payments.push(payment)
    const label = options.labels.get(payment.from)
    if (label !== undefined && endsFlow(label.kind)) return
    account = payment.from
    before = payment.block - 1
  }
}

/** The payment by which an account that held nothing came to hold coin. */
async function firstPayment(
  questions: Questions,
  address: Address,
  before: number,
): Promise<Payment | undefined> {
  const held = async (block: number): Promise<boolean | undefined> => {
    const balance = await balanceAt(questions, address, block)
    if (balance === undefined || balance > 0n) return balance === undefined ? undefined : true
    const sent = await sentAt(questions, address, block)
    return sent === undefined ? undefined : sent > 0
  }
  if ((await held(before)) !== true) return undefined
  const block = await firstBlock(before, held)
  if (block === 0) return undefined
  const bundle = block === undefined ? undefined : await blockAt(questions, block)
  if (bundle === undefined) return undefined
  let inBlock = 0
  for (const { facts, transaction } of blockFacts(bundle).transactions)
    for (const fact of facts) {
      inBlock++
      if (fact.kind !== 'transfer' || fact.asset !== 'native' || fact.to !== address || fact.from === address)
        continue
      const { from, to, asset, amount } = fact
      const place = { block: bundle.number, order: orderOf(bundle.number, inBlock) }
      return { from, to, asset, amount, transactionHash: transaction.hash, ...place }
    }
  return undefined
}
