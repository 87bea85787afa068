import type { Address, Hex } from '../../model/hex.ts'
import { traceTransaction } from '../methods/trace-transaction.ts'
import { address, hash, object } from '../trace/fields.ts'
import type { Rpc } from './rpc.ts'

export type StateChange = { address: Address; slot: Hex; before: Hex; after: Hex }

const ZERO: Hex = `0x${'0'.repeat(64)}`

/**
 * Storage slots that a transaction changed, by geth's prestateTracer in diff mode.
 * Throws `chain.RpcRefused` where the node has no such tracer, `chain.MalformedField`, `chain.EndpointFailed`.
 */
export async function fetchStateChanges(rpc: Rpc, transaction: Hex): Promise<StateChange[]> {
  const tracer = { tracer: 'prestateTracer', tracerConfig: { diffMode: true } } as const
  const answer = object(await traceTransaction(rpc, { hash: transaction, tracer }), 'prestate')
  const before = slotsOf(answer['pre'], 'prestate.pre')
  const after = slotsOf(answer['post'], 'prestate.post')
  // A slot that became zero is only in `pre`, one that was zero only in `post`.
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((key) => {
    const [account = '0x', slot = '0x'] = key.split('/') as [Address, Hex]
    const change = { address: account, slot, before: before.get(key) ?? ZERO, after: after.get(key) ?? ZERO }
    return change.before === change.after ? [] : [change]
  })
}

function slotsOf(value: unknown, path: string): Map<string, Hex> {
  const slots = new Map<string, Hex>()
  for (const [account, state] of Object.entries(object(value ?? {}, path)))
    for (const [slot, word] of Object.entries(
      object(object(state, path)['storage'] ?? {}, `${path}.storage`),
    ))
      slots.set(`${address(account, path)}/${hash(slot, path)}`, hash(word, `${path}.storage`))
  return slots
}
