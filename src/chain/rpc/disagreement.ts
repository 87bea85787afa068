import type { BlockRef, SourceNotice } from '../../model/block.ts'
import type { Endpoint } from './endpoint.ts'

/** Asks every endpoint for one block; tells when two that answer have different hashes for it. */
export async function findDisagreement(
  endpoints: readonly Endpoint[],
  ref: BlockRef,
): Promise<SourceNotice | undefined> {
  const answers = await Promise.all(
    endpoints.map(async (endpoint) => ({ name: endpoint.name, hash: await hashAt(endpoint, ref.number) })),
  )
  const known = answers.filter((answer) => answer.hash !== undefined)
  if (new Set(known.map((answer) => answer.hash)).size < 2) return undefined
  return {
    code: 'endpoints-disagree',
    message: `Endpoints disagree about block ${ref.number}.`,
    facts: { block: ref.number, answers: Object.fromEntries(known.map(({ name, hash }) => [name, hash])) },
  }
}

async function hashAt(endpoint: Endpoint, number: number): Promise<string | undefined> {
  try {
    const block = await endpoint.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, false])
    const { hash } = (block ?? {}) as { hash?: unknown }
    return typeof hash === 'string' ? hash : undefined
  } catch {
    return undefined
  }
}
