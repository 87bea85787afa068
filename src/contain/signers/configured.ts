import { readFile, writeFile } from 'node:fs/promises'
import { createRpc } from '../../chain/rpc/rpc.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { Config } from '../../model/config.ts'
import type { Address } from '../../model/hex.ts'
import type { Signer } from '../signer.ts'
import { keySigner, trySigning } from '../signer.ts'
import { awsKms, gcpKms } from './cloud.ts'
import { keystoreSigner, newKeystore } from './keystore.ts'
import { kmsSigner } from './kms.ts'
import { remoteSigner } from './remote.ts'

export type Env = Readonly<Record<string, string | undefined>>
type SignerConfig = Config['signers'][number]

/** A signer with what it is made from, for people: never a secret. */
export type OpenedSigner = { signer: Signer; kind: NonNullable<SignerConfig['kind']>; from: string }

/** Opens every signer of the config, all at once. Throws `app.SecretMissing` and what the kinds throw. */
export async function openSigners({ signers }: Config, env: Env): Promise<OpenedSigner[]> {
  return Promise.all(signers.map((signer) => openSigner(signer, env)))
}

export async function openSigner(config: SignerConfig, env: Env): Promise<OpenedSigner> {
  return { signer: await signerOf(config, env), kind: config.kind ?? 'env', from: sourceOf(config) }
}

/** What a signer is made from, by names only. */
export function sourceOf(config: SignerConfig): string {
  switch (config.kind) {
    case undefined:
    case 'env':
      return config.env
    case 'keystore':
      return config.path
    case 'remote':
      return config.address
    case 'aws-kms':
    case 'gcp-kms':
      return config.keyId
  }
}

async function signerOf(config: SignerConfig, env: Env): Promise<Signer> {
  switch (config.kind) {
    case undefined:
    case 'env':
      return keySigner(secretOf(env, config.env, 'signers[].env'))
    case 'keystore': {
      const password = secretOf(env, config.passwordEnv, 'signers[].passwordEnv')
      return keystoreSigner(await keystoreText(config.path), password)
    }
    case 'remote': {
      const { url, address, api, tokenEnv } = config
      if (tokenEnv === undefined) return remoteSigner({ url, address, api })
      return remoteSigner({ url, address, api, token: secretOf(env, tokenEnv, 'signers[].tokenEnv') })
    }
    case 'aws-kms':
      return kmsSigner(await awsKms(config))
    case 'gcp-kms':
      return kmsSigner(await gcpKms(config))
  }
}

async function keystoreText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    throw new CordonError({
      code: 'app.KeystoreUnreadable',
      message: `The keystore ${path} cannot be read.`,
      facts: { path },
      fix: 'Check signers[].path and its permissions; it is taken from the working directory.',
    })
  }
}

/** A secret of the environment. Throws `app.SecretMissing`. */
export function secretOf(env: Env, name: string, field: string): string {
  const value = env[name]
  if (value !== undefined && value !== '') return value
  throw new CordonError({
    code: 'app.SecretMissing',
    message: `The environment variable ${name} is not set.`,
    facts: { variable: name, field },
    fix: `Set ${name}, or take ${field} out of cordon.config.ts.`,
  })
}

/** What `cordon signers check` finds out about one signer. */
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

/** Opens each signer, has it sign what allows nothing, and reads its balances. One that fails never stops the others. */
export async function checkSigners(config: Config, env: Env): Promise<SignerCheck[]> {
  return Promise.all(config.signers.map((signer) => checkSigner(signer, { config, env })))
}

async function checkSigner(
  signer: SignerConfig,
  { config, env }: { config: Config; env: Env },
): Promise<SignerCheck> {
  const none = { from: sourceOf(signer), kind: signer.kind ?? 'env', balances: {} }
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
      return [chainId, BigInt(String(await rpc.request('eth_getBalance', [address, 'latest'])))] as const
    } finally {
      await rpc.close()
    }
  })
  return Object.fromEntries(await Promise.all(read))
}

/** Makes a key and writes it, encrypted, to a new file that only its owner may read. Throws `app.KeystoreNotWritten`. */
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
