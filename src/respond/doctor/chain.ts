import { getCode } from '../../chain/methods/get-code.ts'
import { createRpc } from '../../chain/rpc/rpc.ts'
import { systemClock } from '../../kit/clock.ts'
import type { Logger } from '../../kit/logger.ts'
import type { Env } from '../../kit/secret.ts'
import type { Config } from '../../model/config.ts'
import { openDatabase } from '../../store/database.ts'
import { openChains } from '../chains.ts'
import type { ChainHandle } from '../context.ts'
import { authorisationChecks } from './authorisations.ts'
import { blockSecondsOf, blocksWithTransactions } from './blocks.ts'
import { attempt, type Check, failed, ok, warning } from './check.ts'
import { clockCheck } from './clock.ts'
import { compareEndpoints, type EndpointView, viewEndpoints } from './endpoints.ts'
import { historyCheck } from './history.ts'
import { leverChecks, presignedChecks, signerChecks } from './levers.ts'
import { methodChecks } from './methods.ts'
import { poolChecks } from './pools.ts'

type Options = { env: Env; logger: Logger }

/** The one chain of a configuration: checks its nodes on real blocks, then who may act there. */
export async function examineChain(config: Config, options: Options): Promise<Check[]> {
  const urls = config.chains.flatMap(({ rpcUrls }) => rpcUrls)
  const rpc = createRpc({ urls })
  try {
    const { views, checks } = await viewEndpoints(rpc.endpoints)
    if (views.length === 0) return [...checks, ...(await signerChecks(config, options.env)).checks]
    return [...checks, ...(await nodeChecks(views)), ...(await actingChecks(config, options))]
  } finally {
    await rpc.close()
  }
}

async function nodeChecks(views: readonly EndpointView[]): Promise<Check[]> {
  const [first] = views
  if (first === undefined) return []
  const { endpoint: asker } = first
  const blockSeconds = await blockSecondsOf(asker, first.head)
  const samples = await blocksWithTransactions(asker, first.head)
  const newest = views.map(({ head }) => head).reduce((a, b) => (b.number > a.number ? b : a))
  const checks = [clockCheck(newest, blockSeconds), ...(await compareEndpoints(views, samples))]
  for (const { endpoint, head } of views) {
    const of = endpoint.name
    checks.push(
      ...(await collect(attempt(`blocks of ${of}`, () => methodChecks(endpoint, of, samples)))),
      ...(await collect(
        attempt(`history of ${of}`, async () => [await historyCheck(endpoint, of, { head, blockSeconds })]),
      )),
    )
  }
  return checks
}

/** The checks that need the chain as watching opens it: simulation, signers, signatures made in advance, levers. */
async function actingChecks(config: Config, options: Options): Promise<Check[]> {
  const handle = [...(await openChains(config, systemClock)).values()][0]
  if (handle === undefined) return []
  const { env, logger } = options
  const database = await openDatabase({ dataDir: config.dataDir, env, logger })
  try {
    const signers = await signerChecks(config, env)
    const { store } = database
    const { scope } = handle.engine
    return [
      ok(`chain ${handle.chainId}`, handle.capabilities.clientVersion),
      ...capabilities(handle),
      ...(await codes(handle)),
      ...(scope.kind === 'contracts' ? await poolChecks(handle.rpc, scope.addresses) : []),
      ...signers.checks,
      ...(await presignedChecks(handle, store)),
      ...(await authorisationChecks(store, handle, config)),
      ...(await leverChecks(handle, config, { signers: signers.addresses, store })),
    ]
  } finally {
    await database.close()
    await handle.rpc.close()
  }
}

function capabilities({ capabilities: { simulate, traceCall, missing } }: ChainHandle): Check[] {
  return [
    simulate
      ? ok('simulation', 'eth_simulateV1')
      : warning({
          name: 'simulation',
          detail: `no eth_simulateV1 (${missing['eth_simulateV1']}): an anvil fork is used, slower`,
          fix: 'Use geth ≥ 1.14.9, reth, Nethermind or anvil.',
        }),
    traceCall
      ? ok('mempool', 'debug_traceCall')
      : warning({
          name: 'mempool',
          detail: 'no debug_traceCall: pending transactions cannot be looked at',
          fix: 'Use a node with the debug namespace, or leave mempool off.',
        }),
  ]
}

/** A protected address without code is a typing error, or is meant for another chain. */
async function codes({ rpc, chainId, engine: { scope } }: ChainHandle): Promise<Check[]> {
  if (scope.kind !== 'contracts') return []
  const checks = [...scope.addresses].map(async (address): Promise<Check[]> => {
    const code = await getCode(rpc, address, 'latest')
    if (code !== '0x') return []
    return [
      failed({
        name: `code of ${address}`,
        detail: `there is none on chain ${chainId}: nothing can be protected there`,
        fix: 'Correct the address in protect[], or set its chainId there.',
      }),
    ]
  })
  return (await Promise.all(checks)).flat()
}

async function collect(checks: AsyncIterable<Check>): Promise<Check[]> {
  const all: Check[] = []
  for await (const check of checks) all.push(check)
  return all
}
