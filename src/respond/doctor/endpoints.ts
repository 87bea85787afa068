import { z } from 'zod'
import { isMalformed } from '../../chain/methods/answer.ts'
import { clientVersionOf } from '../../chain/methods/client-version.ts'
import { getBlockReceipts } from '../../chain/methods/get-block-receipts.ts'
import { getChainId } from '../../chain/methods/get-chain-id.ts'
import { getTransactionReceipt } from '../../chain/methods/get-transaction-receipt.ts'
import type { Endpoint } from '../../chain/rpc/endpoint.ts'
import { messageOf } from '../../kit/error.ts'
import { sha256, toJson } from '../../kit/json.ts'
import { blockAt, type ProbeBlock } from './blocks.ts'
import { type Check, failed, failedBy, ok, warning } from './check.ts'

/** One endpoint's report about itself and its head. */
export type EndpointView = {
  endpoint: Endpoint
  client: string
  chainId: number
  head: ProbeBlock
  milliseconds: number
}

/** Maximum distance of heads, blocks: they were not requested at the same moment. */
const MOST_APART = 3
/** How far below the lowest head blocks are compared: newer ones may still be replaced. */
const SETTLED = 2

/** Asks each endpoint for its identity; an endpoint that does not answer becomes a failed check. */
export async function viewEndpoints(
  endpoints: readonly Endpoint[],
): Promise<{ views: EndpointView[]; checks: Check[] }> {
  const views: EndpointView[] = []
  const checks = await Promise.all(
    endpoints.map(async (endpoint): Promise<Check> => {
      const name = `endpoint ${endpoint.name}`
      try {
        const view = await viewOf(endpoint)
        views.push(view)
        const { client, head, milliseconds } = view
        return ok(name, `${client}, head ${head.number}, answers in ${milliseconds} ms`)
      } catch (thrown) {
        const check = failedBy(name, thrown)
        return { ...check, fix: check.fix ?? 'Check the URL, and that it is the JSON-RPC address of a node.' }
      }
    }),
  )
  // In the configured order: answers arrive in any order.
  views.sort((a, b) => endpoints.indexOf(a.endpoint) - endpoints.indexOf(b.endpoint))
  return { views, checks }
}

async function viewOf(endpoint: Endpoint): Promise<EndpointView> {
  const chainId = await getChainId(endpoint)
  const began = performance.now()
  const head = await blockAt(endpoint, 'latest')
  const milliseconds = Math.round(performance.now() - began)
  const client = await clientVersionOf(endpoint).catch(() => 'unknown client')
  return { endpoint, client: client.slice(0, 80), chainId, head, milliseconds }
}

/** Whether several endpoints serve one chain: chain id, head, a common block, the receipts of one with transactions. */
export async function compareEndpoints(
  views: readonly EndpointView[],
  [sample]: readonly ProbeBlock[],
): Promise<Check[]> {
  if (views.length < 2) return []
  const settled = Math.max(0, Math.min(...views.map(({ head }) => head.number)) - SETTLED)
  const checks = await Promise.all([
    agreement('endpoints: chain id', views, async ({ chainId }) => String(chainId)),
    agreement(`endpoints: block ${settled}`, views, async ({ endpoint }) => {
      return (await blockAt(endpoint, settled)).hash
    }),
    ...(sample === undefined
      ? []
      : [
          agreement(`endpoints: receipts of block ${sample.number}`, views, (view) =>
            receiptsOf(view, sample),
          ),
        ]),
  ])
  return [heads(views), ...checks]
}

function heads(views: readonly EndpointView[]): Check {
  const numbers = views.map(({ head }) => head.number)
  const name = 'endpoints: heads'
  const apart = Math.max(...numbers) - Math.min(...numbers)
  const detail = views.map(({ endpoint, head }) => `${endpoint.name} ${head.number}`).join(', ')
  if (apart <= MOST_APART) return ok(name, detail)
  const fix = 'Wait until the slower node has caught up, or put it last in rpcUrls.'
  return warning({ name, detail: `${apart} blocks apart: ${detail}`, fix })
}

async function agreement(
  name: string,
  views: readonly EndpointView[],
  read: (view: EndpointView) => Promise<string>,
): Promise<Check> {
  const answers = await Promise.all(
    views.map(async (view) => ({
      name: view.endpoint.name,
      answer: await read(view).catch((thrown: unknown) => `no answer (${messageOf(thrown)})`),
    })),
  )
  const [first] = answers
  if (answers.every(({ answer }) => answer === first?.answer))
    return ok(name, `the same on ${views.length} nodes`)
  return failed({
    name,
    detail: answers.map((told) => `${told.name}: ${told.answer}`).join('; '),
    fix: 'One of them is on another chain or fork, is broken, or lies: find out which, and remove it from rpcUrls.',
  })
}

const logSchema = z.looseObject({
  address: z.unknown().optional(),
  topics: z.unknown().optional(),
  data: z.unknown().optional(),
})

/**
 * A fingerprint of a block's receipts, as one node reports them; receipts one by one if the node has no other method.
 */
async function receiptsOf({ endpoint }: EndpointView, { hash, transactions }: ProbeBlock): Promise<string> {
  const receipts = await getBlockReceipts(endpoint, hash).catch((thrown) => {
    if (isMalformed(thrown)) return null
    return Promise.all(transactions.map((transaction) => getTransactionReceipt(endpoint, transaction)))
  })
  if (receipts === null) return 'no list'
  const outcomes = receipts.map((receipt) => [
    receipt?.transactionHash,
    receipt?.succeeded,
    (receipt?.logs ?? []).map((log) => {
      const { address, topics, data } = logSchema.parse(log)
      return [address, topics, data]
    }),
  ])
  const entries = `${receipts.length} of ${transactions.length} receipts`
  return `${entries}, ${sha256(toJson(outcomes)).slice(0, 16)}`
}
