import { writeFile } from 'node:fs/promises'
import { getBalance } from '../../chain/methods/get-balance.ts'
import { createRpc } from '../../chain/rpc/rpc.ts'
import { assert } from '../../kit/assert.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import { type Env, secretOf } from '../../kit/secret.ts'
import type { Config } from '../../model/config.ts'
import type { Address } from '../../model/hex.ts'
import { newKeystore } from './keystore.ts'
import { signerKindOf } from './registry.ts'
import type { Signer } from './signer.ts'
import { trySigning } from './signer.ts'

type SignerConfig = Config['signers'][number]

/** A signer with its source, for people: never a secret. */
export type OpenedSigner = { signer: Signer; kind: string; from: string }

/** Opens every signer of the config in parallel. Throws `app.SecretMissing` and the errors of the kinds. */
export async function openSigners({ signers }: Config, env: Env): Promise<OpenedSigner[]> {
  return Promise.all(signers.map((signer) => openSigner(signer, env)))
}

/** Opens one signer of a validated configuration. Throws `app.SecretMissing` and the errors of its kind. */
export async function openSigner(config: SignerConfig, env: Env): Promise<OpenedSigner> {
  const { kind, options } = kindOf(config)
  const secret = (variable: string, option: string): string => secretOf(env, variable, `signers[].${option}`)
  return { signer: await kind.open(options, { secret }), kind: kind.kind, from: kind.from(options) }
}

/** The source of a signer, by names only. */
export function sourceOf(config: SignerConfig): string {
  const { kind, options } = kindOf(config)
  return kind.from(options)
}

function kindOf(config: SignerConfig): NonNullable<ReturnType<typeof signerKindOf>> {
  const found = signerKindOf(config)
  assert(found !== undefined, 'kinds are checked when a configuration is read')
  return found
}

/** The result of `cordon signers check` for one signer. */
export type SignerCheck = {
  from: string
  kind: string
  address: Address | null
  /** Null where it signs. */
  problem: string | null
  fix: string | null
  /** wei by chain id */
  balances: Record<string, bigint>
}

/**
 * Opens each signer, has it sign a transaction that allows nothing, and reads its balances. One that fails never stops
 * the others.
 */
export async function checkSigners(config: Config, env: Env): Promise<SignerCheck[]> {
  return Promise.all(config.signers.map((signer) => checkSigner(signer, { config, env })))
}

async function checkSigner(
  signer: SignerConfig,
  { config, env }: { config: Config; env: Env },
): Promise<SignerCheck> {
  const none = { from: sourceOf(signer), kind: signer.kind, balances: {} }
  try {
    const opened = await openSigner(signer, env)
    await trySigning(opened.signer)
    const { address } = opened.signer
    return { ...none, address, problem: null, fix: null, balances: await balancesOf(config, address) }
  } catch (thrown) {
    const fix = thrown instanceof CordonError ? thrown.fix : null
    return { ...none, address: null, problem: messageOf(thrown), fix }
  }
}

async function balancesOf({ chains }: Config, address: Address): Promise<Record<string, bigint>> {
  const read = chains.map(async ({ chainId, rpcUrls }) => {
    const rpc = createRpc({ urls: rpcUrls })
    try {
      return [chainId, await getBalance(rpc, address, 'latest')] as const
    } finally {
      await rpc.close()
    }
  })
  return Object.fromEntries(await Promise.all(read))
}

/**
 * Makes a key and writes it, encrypted, to a new file that only the owner may read. Throws `app.KeystoreNotWritten`.
 */
export async function writeKeystore(
  { path, passwordEnv }: { path: string; passwordEnv: string },
  env: Env,
): Promise<Address> {
  const { address, text } = await newKeystore(secretOf(env, passwordEnv, '--password-env'))
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 })
  } catch (thrown) {
    throw new CordonError({
      code: 'app.KeystoreNotWritten',
      message: `The keystore cannot be written to ${path}: ${messageOf(thrown)}`,
      facts: { path },
      fix: 'Name a new file in a folder that is there: a keystore is never overwritten.',
    })
  }
  return address
}
