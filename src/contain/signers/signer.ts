import {
  getTypesForEIP712Domain,
  hashTypedData,
  parseTransaction,
  recoverAddress,
  recoverTransactionAddress,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { CordonError, messageOf } from '../../kit/error.ts'
import { type Address, type Hash, type Hex, ZERO_ADDRESS } from '../../model/hex.ts'

/** The transaction that a signer signs. Fees in wei per gas unit. */
export type UnsignedTransaction = {
  chainId: number
  nonce: number
  to: Address
  data: Hex
  value: bigint
  gas: bigint
  maxFeePerGas: bigint
  maxPriorityFeePerGas: bigint
}

/** An EIP-712 message. */
export type TypedData = {
  domain: { name?: string; version?: string; chainId?: number; verifyingContract?: Address; salt?: Hex }
  types: Readonly<Record<string, readonly { name: string; type: string }[]>>
  primaryType: string
  message: Readonly<Record<string, unknown>>
}

/** The only component of Cordon that uses a key. It never reveals the key. */
export type Signer = {
  address: Address
  signTransaction(transaction: UnsignedTransaction): Promise<Hex>
  signTypedData(typedData: TypedData): Promise<Hex>
}

/** A signer over a private key in memory (drills, tests, and small teams). Throws `contain.BadKey`. */
export function keySigner(privateKey: string): Signer {
  if (!/^0x[0-9a-fA-F]{64}$/.test(privateKey)) throw badKey()
  const account = accountOf(privateKey as Hex)
  return {
    address: account.address.toLowerCase() as Address,
    signTransaction: (transaction) => account.signTransaction({ type: 'eip1559', ...transaction }),
    signTypedData: (typedData) => account.signTypedData(definition(typedData)),
  }
}

/** The library's error for an invalid key (zero, or past the curve's order) contains the key: it is not passed on. */
function accountOf(privateKey: Hex): ReturnType<typeof privateKeyToAccount> {
  try {
    return privateKeyToAccount(privateKey)
  } catch {
    throw badKey()
  }
}

export type TypedDataDefinition = {
  domain: TypedData['domain']
  types: Record<string, readonly { name: string; type: string }[]>
  primaryType: string
  message: Record<string, unknown>
}

/** The same message in viem's format. */
export function definition({ domain, types, primaryType, message }: TypedData): TypedDataDefinition {
  return { domain, types: { ...types }, primaryType, message: { ...message } }
}

export type WalletMessage = Omit<TypedDataDefinition, 'types'> & { types: TypedData['types'] }

/** The same message in the format of wallets (`eth_signTypedData_v4`): with the type of its domain. */
export function walletMessage(typedData: TypedData): WalletMessage {
  const { types, ...rest } = definition(typedData)
  const EIP712Domain = getTypesForEIP712Domain({ domain: rest.domain })
  return { ...rest, types: { EIP712Domain, ...types } }
}

/** The 32 bytes that are signed for a message. */
export function typedDataHash(typedData: TypedData): Hash {
  return hashTypedData(definition(typedData))
}

/** The account whose signature of a hash this is, or undefined where it is not a signature. */
export async function signerOf(hash: Hash, signature: Hex): Promise<Address | undefined> {
  try {
    return (await recoverAddress({ hash, signature })).toLowerCase() as Address
  } catch {
    return undefined
  }
}

/**
 * Checks that the result of an external signer is exactly what was requested: every field, nothing more, and by that
 * address. Throws `contain.SignerLied`.
 */
export async function assertSigned(raw: Hex, asked: UnsignedTransaction, address: Address): Promise<void> {
  const difference = await differenceOf(raw, asked, address).catch((thrown) => messageOf(thrown))
  if (difference !== undefined) throw signerLied(address, difference)
}

async function differenceOf(
  raw: Hex,
  asked: UnsignedTransaction,
  address: Address,
): Promise<string | undefined> {
  const got = parseTransaction(raw)
  if (got.type !== 'eip1559') return `it is a transaction of type ${got.type}`
  if ((got.accessList ?? []).length > 0) return 'it has an access list that nobody asked for'
  const fields = {
    chainId: [got.chainId, asked.chainId],
    nonce: [got.nonce ?? 0, asked.nonce],
    to: [got.to?.toLowerCase(), asked.to],
    data: [got.data ?? '0x', asked.data],
    value: [got.value ?? 0n, asked.value],
    gas: [got.gas ?? 0n, asked.gas],
    maxFeePerGas: [got.maxFeePerGas ?? 0n, asked.maxFeePerGas],
    maxPriorityFeePerGas: [got.maxPriorityFeePerGas ?? 0n, asked.maxPriorityFeePerGas],
  }
  const other = Object.entries(fields).find(([, [is, should]]) => is !== should)
  if (other !== undefined) return `its ${other[0]} is not what was asked for`
  const serializedTransaction = raw as `0x02${string}`
  const by = (await recoverTransactionAddress({ serializedTransaction })).toLowerCase()
  return by === address ? undefined : `it is signed by ${by}`
}

/**
 * Has a signer sign a message and a transaction that no chain can ever mine (it allows no gas), and checks both. Throws
 * `contain.SignerLied` and the signer's errors.
 */
export async function trySigning(signer: Signer): Promise<void> {
  const signature = await signer.signTypedData(TEST_MESSAGE)
  if ((await signerOf(typedDataHash(TEST_MESSAGE), signature)) !== signer.address)
    throw signerLied(signer.address, 'the signature of a test message is not its own')
  await assertSigned(await signer.signTransaction(TEST_TRANSACTION), TEST_TRANSACTION, signer.address)
}

const TEST_MESSAGE: TypedData = {
  domain: { name: 'Cordon', version: '1' },
  types: { SignerCheck: [{ name: 'text', type: 'string' }] },
  primaryType: 'SignerCheck',
  message: { text: 'Cordon asks whether this signer signs. This message allows nothing.' },
}

const TEST_TRANSACTION: UnsignedTransaction = {
  chainId: 1,
  nonce: 0,
  to: ZERO_ADDRESS,
  data: '0x',
  value: 0n,
  gas: 0n,
  maxFeePerGas: 0n,
  maxPriorityFeePerGas: 0n,
}

export function signerLied(address: Address, difference: string): CordonError {
  return new CordonError({
    code: 'contain.SignerLied',
    message: `The signer of ${address} gave back something else than it was asked to sign: ${difference}.`,
    facts: { address, difference },
    fix: 'Do not use this signer until you know why: check its address, its key and who can change its answers.',
  })
}

function badKey(): CordonError {
  return new CordonError({
    code: 'contain.BadKey',
    message: 'A signer’s private key is not 32 bytes of hex with 0x.',
    fix: 'Put the key into the environment variable that signers[].env names, as 0x and 64 hex digits.',
  })
}
