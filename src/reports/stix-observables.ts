import { getAddress } from 'viem'
import type { KnownAccount } from './known-accounts.ts'
import type { Outgoing } from './outgoing.ts'
import { caip2, isAddress, isHash, transactionsOf } from './outgoing.ts'
import { CORDON_EXTENSION, observableId, type StixObject, said, TLP_MARKINGS } from './stix-base.ts'

const MOST_TRANSFERS = 1_000

type Transfer = NonNullable<Outgoing['found']>['fundFlow']['edges'][number]
type Common = Pick<Outgoing, 'chainId' | 'tlp'>

/** CAIP-10, with the checksum of EIP-55. */
export function caip10({ chainId }: Pick<Outgoing, 'chainId'>, address: `0x${string}`): string {
  return `${caip2(chainId)}:${getAddress(address)}`
}

/** CAIP-10 of a token, `native`, or its replacement text. */
export function assetName(of: Pick<Outgoing, 'chainId'>, asset: string): string {
  return isAddress(asset) ? caip10(of, asset) : said(asset, 100)
}

export function accountId(of: Pick<Outgoing, 'chainId'>, address: `0x${string}`): string {
  return observableId('blockchain-account', { value: caip10(of, address) })
}

export function transactionId({ chainId }: Pick<Outgoing, 'chainId'>, hash: string): string {
  return observableId('blockchain-transaction', { chain: caip2(chainId), hash })
}

function observable({ tlp }: Common, id: string, properties: Record<string, unknown>): StixObject {
  return {
    type: id.slice(0, id.indexOf('--')),
    spec_version: '2.1',
    id,
    ...properties,
    object_marking_refs: [TLP_MARKINGS[tlp]],
    extensions: { [CORDON_EXTENSION]: { extension_type: 'new-sco' } },
  }
}

function accountObject(out: Outgoing, { address, labels }: KnownAccount): StixObject {
  const name = labels.length === 0 ? {} : { name: said(labels.join('; '), 200) }
  return observable(out, accountId(out, address), { value: caip10(out, address), ...name })
}

/** Accounts, transactions and the movements of stolen funds. `left` is the number of movements left out. */
export function observables(
  out: Outgoing,
  accounts: readonly KnownAccount[],
): { objects: StixObject[]; left: number } {
  const known = new Set<string>(accounts.map(({ address }) => address))
  const edges = (out.found?.fundFlow.edges ?? []).filter(
    ({ from, to, transactionHash }) => known.has(from) && known.has(to) && isHash(transactionHash),
  )
  const told = edges.slice(0, MOST_TRANSFERS)
  const hashes = new Set([...transactionsOf(out), ...told.map(({ transactionHash }) => transactionHash)])
  return {
    objects: [
      ...accounts.map((account) => accountObject(out, account)),
      ...[...hashes].map((hash) => transactionObject(out, hash, known)),
      ...told.map((edge) => transferObject(out, edge)),
    ],
    left: edges.length - told.length,
  }
}

function transactionObject(out: Outgoing, hash: string, known: ReadonlySet<string>): StixObject {
  const seen = out.found?.transactions.find((one) => one.hash === hash)
  const moved = out.found?.fundFlow.edges.find((edge) => edge.transactionHash === hash)
  const block = seen?.blockNumber ?? moved?.blockNumber
  const end = (name: string, address: string | null | undefined): Record<string, string> =>
    typeof address === 'string' && isAddress(address) && known.has(address)
      ? { [name]: accountId(out, address) }
      : {}
  return observable(out, transactionId(out, hash), {
    chain: caip2(out.chainId),
    hash,
    ...(block === undefined ? {} : { block_number: block }),
    ...end('from_ref', seen?.from),
    ...end('to_ref', seen?.to),
  })
}

function transferObject(out: Outgoing, edge: Transfer): StixObject {
  const { from, to, asset, tokenId, amount, tainted, taintedFifo, transactionHash, order } = edge
  const transaction = transactionId(out, transactionHash)
  const id = observableId('blockchain-transfer', { transaction_ref: transaction, order })
  return observable(out, id, {
    transaction_ref: transaction,
    ...(isAddress(from) ? { from_ref: accountId(out, from) } : {}),
    ...(isAddress(to) ? { to_ref: accountId(out, to) } : {}),
    asset: assetName(out, asset),
    ...(tokenId === null ? {} : { token_id: String(tokenId) }),
    amount: String(amount),
    stolen_haircut: String(tainted),
    stolen_fifo: String(taintedFifo),
    order,
  })
}
