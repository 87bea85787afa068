import { createServer } from 'node:net'
import { anvilBinary } from '../chain/anvil.ts'
import { object } from '../chain/trace/fields.ts'
import { type Planned, planContainment } from '../contain/plan.ts'
import { routeText } from '../contain/route.ts'
import { trySigning } from '../contain/signer.ts'
import { systemClock } from '../kit/clock.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import type { Logger } from '../kit/logger.ts'
import type { Address } from '../model/hex.ts'
import { peopleOf } from './actions/work.ts'
import { openChains } from './chains.ts'
import type { LoadedConfig } from './config/load.ts'
import type { Config } from './config/schema.ts'
import type { ChainHandle } from './context.ts'
import { openDatabase } from './database.ts'
import { openSigner, sourceOf } from './signers.ts'
import { presignedOn } from './watch/presigned.ts'

export type Check = { name: string; state: 'ok' | 'warning' | 'failed'; detail: string; fix?: string }

export type ExamineOptions = {
  loaded: LoadedConfig
  env: Readonly<Record<string, string | undefined>>
  logger: Logger
  cwd: string
}

/** Looks at everything that Cordon needs, one check after the other; a failed one never stops the others. */
export async function* examine(options: ExamineOptions): AsyncGenerator<Check> {
  const { loaded } = options
  yield nodeVersion()
  yield configOf(loaded)
  yield* attempt('database', () => database(options))
  if (loaded.origin === 'none') {
    yield* attempt('anvil (for the drill)', async () => [ok('anvil (for the drill)', anvilBinary())])
    return
  }
  yield* attempt('API port', () => apiPort(loaded.config.api.port))
  for (const chain of loaded.config.chains) {
    yield* attempt(`chain ${chain.name ?? chain.chainId}`, () =>
      examineChain({ ...loaded.config, chains: [chain] }, options),
    )
  }
}

function ok(name: string, detail: string): Check {
  return { name, state: 'ok', detail }
}

/** Checks of one part; what it throws becomes a failed check with its own fix. */
async function* attempt(name: string, act: () => Promise<Check[]>): AsyncGenerator<Check> {
  try {
    yield* await act()
  } catch (thrown) {
    const fix = thrown instanceof CordonError ? { fix: thrown.fix } : {}
    yield { name, state: 'failed', detail: messageOf(thrown), ...fix }
  }
}

function nodeVersion(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return ok('Node.js', process.versions.node)
  return {
    name: 'Node.js',
    state: 'failed',
    detail: process.versions.node,
    fix: 'Install Node.js 20.19 or newer.',
  }
}

function configOf(loaded: LoadedConfig): Check {
  if (loaded.origin === 'none') return ok('configuration', 'none: `cordon start` runs the drill')
  const from = loaded.file ?? 'CORDON_RPC_URL'
  const { chains, protect, roles } = loaded.config
  if (protect.length === 0) {
    return {
      name: 'configuration',
      state: 'warning',
      detail: `${from}: no contract is protected, so everything is watched and nothing is ever paused`,
      fix: 'Name your contracts in protect[] or with --protect.',
    }
  }
  return ok(
    'configuration',
    `${from}: ${chains.length} chains, ${protect.length} contracts, ${Object.keys(roles).length} roles`,
  )
}

async function database({ loaded, env, logger }: ExamineOptions): Promise<Check[]> {
  const dataDir = loaded.origin === 'none' ? '.cordon' : loaded.config.dataDir
  const opened = await openDatabase({ dataDir, env, logger })
  await opened.close()
  return [
    ok(
      'database',
      opened.origin === 'embedded' ? `embedded PostgreSQL in ${dataDir}/postgres` : 'DATABASE_URL',
    ),
  ]
}

function apiPort(port: number): Promise<Check[]> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () =>
      resolve([
        {
          name: 'API port',
          state: 'warning',
          detail: `127.0.0.1:${port} is taken`,
          fix: 'A Cordon may be running; else set api.port in cordon.config.ts.',
        },
      ]),
    )
    server.listen(port, '127.0.0.1', () =>
      server.close(() => resolve([ok('API port', `127.0.0.1:${port} is free`)])),
    )
  })
}

async function examineChain(config: Config, options: ExamineOptions): Promise<Check[]> {
  const handle = [...(await openChains(config, systemClock)).values()][0]
  if (handle === undefined) return []
  try {
    const signers = await signersOf(config, options.env)
    return [
      ok(`chain ${handle.chainId}`, `${handle.capabilities.clientVersion}`),
      ...methods(handle),
      ...(await endpoints(handle)),
      await headAge(handle),
      ...signers.checks,
      ...(await presignedChecks(handle, config, options)),
      ...(await levers(handle, config, signers.addresses)),
    ]
  } finally {
    await handle.rpc.close()
  }
}

function methods({ capabilities }: ChainHandle): Check[] {
  const { traces, receipts, simulate, traceCall, missing } = capabilities
  const traced: Check =
    traces === 'none'
      ? {
          name: 'traces',
          state: 'failed',
          detail: 'no trace method: reentrancy, drain and price-manipulation are blind',
          fix: 'Use a node with debug_traceBlockByHash (geth --http.api eth,debug) or trace_block (Erigon, Nethermind).',
        }
      : ok(
          'traces',
          capabilities.traceLogs ? `${traces} with logs` : `${traces} (logs from receipts, less ordered)`,
        )
  return [
    traced,
    ok('receipts', receipts),
    simulate
      ? ok('simulation', 'eth_simulateV1')
      : {
          name: 'simulation',
          state: 'warning',
          detail: `no eth_simulateV1 (${missing['eth_simulateV1']}): an anvil fork is used, slower`,
          fix: 'Use geth ≥ 1.14.9, reth, Nethermind or anvil.',
        },
    traceCall
      ? ok('mempool', 'debug_traceCall')
      : {
          name: 'mempool',
          state: 'warning',
          detail: 'no debug_traceCall: pending transactions cannot be looked at',
          fix: 'Use a node with the debug namespace, or leave mempool off.',
        },
  ]
}

async function endpoints({ rpc }: ChainHandle): Promise<Check[]> {
  return Promise.all(
    rpc.endpoints.map(async (endpoint): Promise<Check> => {
      const began = performance.now()
      try {
        await endpoint.request('eth_blockNumber', [])
        return ok(`endpoint ${endpoint.name}`, `answers in ${Math.round(performance.now() - began)} ms`)
      } catch (thrown) {
        const fix = thrown instanceof CordonError ? thrown.fix : 'Check the URL.'
        return { name: `endpoint ${endpoint.name}`, state: 'failed', detail: messageOf(thrown), fix }
      }
    }),
  )
}

const LATE_SECONDS = 120

async function headAge({ rpc }: ChainHandle): Promise<Check> {
  const block = object(await rpc.request('eth_getBlockByNumber', ['latest', false]), 'block')
  const age = Math.round(Date.now() / 1000 - Number(block['timestamp']))
  const detail = `block ${Number(block['number'])} is ${age} s old by this machine’s clock`
  if (age > LATE_SECONDS)
    return {
      name: 'head and clock',
      state: 'warning',
      detail,
      fix: 'The node is behind, the chain stands, or this machine’s clock is wrong (check NTP).',
    }
  if (age < -15)
    return {
      name: 'head and clock',
      state: 'failed',
      detail,
      fix: 'This machine’s clock is behind: set up NTP.',
    }
  return ok('head and clock', detail)
}

async function signersOf(
  config: Config,
  env: ExamineOptions['env'],
): Promise<{ addresses: Address[]; checks: Check[] }> {
  const addresses: Address[] = []
  const checks: Check[] = []
  for (const signer of config.signers) {
    const name = `signer ${sourceOf(signer)}`
    const looked = attempt(name, async () => {
      const { signer: opened, kind } = await openSigner(signer, env)
      await trySigning(opened)
      addresses.push(opened.address)
      return [ok(name, `${opened.address} (${kind}) signs`)]
    })
    for await (const check of looked) checks.push(check)
  }
  return { addresses, checks }
}

/** What Safe owners signed beforehand, and whether their Safes still take it. */
async function presignedChecks(
  handle: ChainHandle,
  { dataDir }: Config,
  { env, logger }: ExamineOptions,
): Promise<Check[]> {
  const database = await openDatabase({ dataDir, env, logger })
  try {
    const latest = Number(await handle.rpc.request('eth_blockNumber', []))
    const calls = await presignedOn(database, handle, latest)
    return calls.map(({ to, safe, nonce, safeNonce, owners, isDead }): Check => {
      const name = `signed beforehand for ${to}`
      const detail = `${owners.length} owners of the Safe ${safe} for nonce ${nonce}; it is at ${safeNonce}`
      if (!isDead) return ok(name, detail)
      const fix = `Have the owners sign again: cordon levers presign ${to} --safe ${safe}`
      return { name, state: 'warning', detail: `dead: ${detail}`, fix }
    })
  } finally {
    await database.close()
  }
}

/** For each protected contract: is there a pause, who may pull it now, and can he pay for it. */
async function levers(handle: ChainHandle, config: Config, signers: readonly Address[]): Promise<Check[]> {
  const { scope } = handle.engine
  if (scope.kind !== 'contracts') return []
  const latest = Number(await handle.rpc.request('eth_blockNumber', []))
  const others = peopleOf(config)
  const found: Check[] = []
  for (const target of scope.addresses) {
    const at = {
      rpc: handle.rpc,
      chainId: handle.chainId,
      incidentId: 'doctor',
      target,
      attackTransaction: null,
      attack: null,
      sequencer: handle.sequencer,
      pinnedBlock: latest,
    }
    for await (const check of attempt(`pause of ${target}`, async () => [
      leverCheck(await planContainment({ ...at, signers, others })),
    ]))
      found.push(check)
  }
  return found
}

function leverCheck({ plan: { lever, route } }: Planned): Check {
  const name = `pause of ${lever.target}`
  const { authority } = lever
  if (!lever.armed) return { name, state: 'warning', detail: `${lever.signature}: it is paused now` }
  if (authority === null)
    return {
      name,
      state: 'failed',
      detail: `${lever.signature}: nobody known may call it`,
      fix: 'Give the guardian’s address in roles.guardian and a signer for it.',
    }
  if (!authority.live)
    return {
      name,
      state: 'warning',
      detail: `${lever.signature}: ${authority.address} may call it, but no signer for it is here`,
      fix: 'Add its key to signers, or leave it to people: Cordon then proposes.',
    }
  if (route.kind !== 'direct')
    return ok(name, `${lever.signature} by ${authority.address}, ${routeText(route)}`)
  if (authority.balance === 0n)
    return {
      name,
      state: 'failed',
      detail: `${lever.signature}: ${authority.address} has no coin for gas`,
      fix: `Fund ${authority.address}.`,
    }
  return ok(name, `${lever.signature} by ${authority.address}, funded with ${authority.balance} wei`)
}
