import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'
import { z } from 'zod'
import { signerKinds } from '../../contain/signers/registry.ts'
import { CALIBRATION_FILE } from '../../files/calibration.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import { type Config, configSchema, type LoadedConfig, UNKNOWN_CHAIN } from '../../model/config.ts'
import { addressOf } from '../../model/given-address.ts'
import type { Address } from '../../model/hex.ts'
import { type OptionProblem, problemsOf } from '../../model/registration.ts'
import { channelKinds } from '../../notify/registry.ts'

export type LoadOptions = {
  cwd: string
  env: Readonly<Record<string, string | undefined>>
  /** `--config FILE`; otherwise cordon.config.{ts,js,mjs,json} in the working directory. */
  file?: string | undefined
  /** `--protect ADDR,…`, added to the protected contracts of the config. */
  protect?: readonly string[] | undefined
  /** `--rpc URL,…`, instead of the environment. */
  rpc?: string | undefined
}

const NAMES = ['cordon.config.ts', 'cordon.config.js', 'cordon.config.mjs', 'cordon.config.json']

/**
 * The configuration: from a file, otherwise from CORDON_RPC_URL, otherwise none. Throws `app.InvalidConfig` with the
 * field and the fix, `app.ConfigNotFound`.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const file = configFile(options)
  const protect = (options.protect ?? []).map(addressOf)
  if (file !== undefined) {
    const config = withCalibration(check(await readConfig(file), file), dirname(file))
    return { origin: 'file', file, config: withProtected(config, protect) }
  }
  const urls = options.rpc ?? options.env['CORDON_RPC_URL']
  if (urls === undefined || urls.trim() === '') return { origin: 'none' }
  const rpcUrls = urls.split(',').map((url) => url.trim())
  const chainId = Number(options.env['CORDON_CHAIN_ID'] ?? 0)
  const config = check({ chains: [{ chainId: chainId || UNKNOWN_CHAIN, rpcUrls }] }, 'CORDON_RPC_URL')
  return { origin: 'environment', file: null, config: withProtected(config, protect) }
}

function configFile({ cwd, file }: LoadOptions): string | undefined {
  if (file !== undefined) {
    const path = resolve(cwd, file)
    if (existsSync(path)) return path
    throw new CordonError({
      code: 'app.ConfigNotFound',
      message: `There is no configuration at ${file}.`,
      facts: { file: path },
      fix: 'Check the path, or omit --config to run the drill.',
    })
  }
  return NAMES.map((name) => resolve(cwd, name)).find((path) => existsSync(path))
}

async function readConfig(file: string): Promise<unknown> {
  const define = fileURLToPath(new URL('./define.js', import.meta.url))
  try {
    const jiti = createJiti(import.meta.url, { alias: { 'cordon/config': define }, moduleCache: false })
    return await jiti.import(file, { default: true })
  } catch (cause) {
    throw new CordonError({
      code: 'app.InvalidConfig',
      message: `${file} cannot be loaded: ${messageOf(cause)}`,
      facts: { file, reason: messageOf(cause) },
      fix: 'Correct the error above; examples/cordon.config.ts works.',
      cause,
    })
  }
}

/** The configuration, with the options of channels and signers in the form that their registrations require. */
export const checkedSchema = configSchema.superRefine(({ channels, signers }, context) => {
  const refuse = (at: PropertyKey[], problems: readonly OptionProblem[]): void => {
    for (const { path, message } of problems)
      context.addIssue({ code: 'custom', path: [...at, ...path], message })
  }
  for (const [id, channel] of Object.entries(channels))
    refuse(['channels', id], problemsOf(channelKinds, channel))
  for (const [index, signer] of signers.entries()) refuse(['signers', index], problemsOf(signerKinds, signer))
})

function check(raw: unknown, file: string): Config {
  const parsed = checkedSchema.safeParse(raw)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = issue?.path.join('.') || '(the whole file)'
  throw new CordonError({
    code: 'app.InvalidConfig',
    message: `${file}: ${field}: ${issue?.message ?? 'not valid'}`,
    facts: { file, field, problems: z.prettifyError(parsed.error).slice(0, 1_000) },
    fix: `Correct ${field}; docs/guides/configuration.md lists every field.`,
  })
}

/** The named calibration, by its path from the configuration; otherwise the file next to it, if there is one. */
function withCalibration(config: Config, folder: string): Config {
  const beside = join(folder, config.calibration ?? CALIBRATION_FILE)
  if (config.calibration === undefined && !existsSync(beside)) return config
  return { ...config, calibration: beside }
}

function withProtected(config: Config, protect: readonly Address[]): Config {
  return { ...config, protect: [...config.protect, ...protect.map((address) => ({ address }))] }
}
