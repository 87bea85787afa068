import { z } from 'zod'
import { CordonError } from '../../kit/error.ts'
import { canonicalJson } from '../../kit/json.ts'
import { type Rpc, singleRpc } from './rpc.ts'

const refusalSchema = z.object({
  code: z.string(),
  message: z.string(),
  fix: z.string(),
})

/** One request to a node, with its answer or its refusal. */
export const askedSchema = z.object({
  method: z.string(),
  params: z.array(z.unknown()),
  answer: z.unknown(),
  refused: refusalSchema.optional(),
})
export type Asked = z.infer<typeof askedSchema>

/** A node of which every answer is recorded, refusals too; the same request is recorded once. */
export function recordingRpc(rpc: Rpc): { rpc: Rpc; asked(): Asked[] } {
  const kept = new Map<string, Asked>()
  const request: Rpc['request'] = async (method, params, options) => {
    const keep = (outcome: Partial<Asked>): void => {
      kept.set(keyOf(method, params), { method, params: [...params], answer: null, ...outcome })
    }
    try {
      const answer = await rpc.request(method, params, options)
      keep({ answer })
      return answer
    } catch (thrown) {
      if (thrown instanceof CordonError) {
        const { code, summary, fix } = thrown
        keep({ refused: { code, message: summary, fix } })
      }
      throw thrown
    }
  }
  const single = singleRpc(rpc.leader().name, request)
  return { rpc: { ...rpc, ...single, close: rpc.close }, asked: () => [...kept.values()] }
}

/**
 * A node that returns only recorded answers: its `request` throws `chain.NotRecorded`, or the error that the node threw
 * then.
 */
export function recordedRpc(asked: readonly Asked[]): Rpc {
  const known = new Map(asked.map((item) => [keyOf(item.method, item.params), item]))
  return singleRpc('recorded answers', async (method, params) => {
    const found = known.get(keyOf(method, params))
    if (found === undefined) throw notRecorded(method, params)
    if (found.refused !== undefined) throw new CordonError(found.refused)
    return found.answer
  })
}

function keyOf(method: string, params: readonly unknown[]): string {
  return canonicalJson([method, params.map(withoutPatience)])
}

/** The time limit of a trace is not part of the request. */
function withoutPatience(param: unknown): unknown {
  if (typeof param !== 'object' || param === null || !('tracer' in param)) return param
  return { ...param, timeout: undefined, reexec: undefined }
}

function notRecorded(method: string, params: readonly unknown[]): CordonError {
  return new CordonError({
    code: 'chain.NotRecorded',
    message: 'The file does not contain this answer of the node.',
    facts: { method, params: canonicalJson(params).slice(0, 200) },
    fix: 'Freeze it again with the same options (`cordon investigate RPC … --freeze FILE`), or use a node.',
  })
}
