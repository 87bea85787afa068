/** A callTracer frame, as far as Parity's form has room for it. */
export type CallTracerNode = {
  type: string
  from?: string
  to?: string
  input: string
  output?: string
  value?: string
  gas?: string
  gasUsed?: string
  error?: string
  calls?: CallTracerNode[]
}

/** geth's failure texts, in Parity's. */
const ERRORS: Record<string, string> = {
  'execution reverted': 'Reverted',
  'out of gas': 'Out of gas',
  'invalid opcode': 'Bad instruction',
  'invalid jump destination': 'Bad jump destination',
}

/** A callTracer trace as a Parity node would answer `trace_block` for it: flat, by `traceAddress`. */
export function toParity(root: CallTracerNode, transactionHash: string): Record<string, unknown>[] {
  const flat: Record<string, unknown>[] = []
  const visit = (node: CallTracerNode, traceAddress: number[]): void => {
    flat.push({
      ...parityOf(node),
      ...(node.error === undefined ? {} : { error: ERRORS[node.error] ?? node.error }),
      subtraces: node.calls?.length ?? 0,
      traceAddress,
      transactionHash,
    })
    for (const [i, inner] of (node.calls ?? []).entries()) visit(inner, [...traceAddress, i])
  }
  visit(root, [])
  return flat
}

function parityOf(node: CallTracerNode): Record<string, unknown> {
  const { type, from, to, input, output = '0x', value = '0x0', gas, gasUsed } = node
  const failed = node.error !== undefined
  if (type === 'SELFDESTRUCT') {
    return { type: 'suicide', action: { address: from, refundAddress: to, balance: value }, result: null }
  }
  if (type === 'CREATE' || type === 'CREATE2') {
    const action = { from, gas, init: input, value, creationMethod: type.toLowerCase() }
    return { type: 'create', action, result: failed ? null : { address: to, code: output, gasUsed } }
  }
  const action = { callType: type.toLowerCase(), from, to, gas, input, value }
  return { type: 'call', action, result: failed ? null : { output, gasUsed } }
}
