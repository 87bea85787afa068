/** A deterministic number sequence: the same block every time. */
function createSequence(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
}

const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
const address = (n: number): string => `0x${hex(n + 1, 40)}`
const word = (value: number): string => hex(value, 64)
const topic = (account: string): string => `0x${account.slice(2).padStart(64, '0')}`

type Node = Record<string, unknown> & { calls: Node[] }

/**
 * A busy block as a node's JSON: `transactions` of `frames` frames each. A quarter of the frames are token payments
 * with a log, an eighth price reads, an eighth pool calls, the rest plain calls, up to eight deep, among 400 contracts.
 */
export function syntheticBlock({ transactions = 200, frames = 40, seed = 7 } = {}): Record<string, unknown> {
  const next = createSequence(seed)
  const hashes = Array.from({ length: transactions }, (_, i) => `0x${word(seed * 100_000 + i)}`)
  const roots = hashes.map((_, i) => syntheticTrace(next, frames, address(10_000 + seed * 1_000 + i)))
  return {
    chainId: 1,
    block: {
      number: `0x${hex(17_000_000 + seed, 6)}`,
      hash: `0x${word(17_000_000 + seed)}`,
      parentHash: `0x${word(16_999_999 + seed)}`,
      timestamp: '0x64500000',
      baseFeePerGas: '0x3b9aca00',
      miner: address(1),
      transactions: hashes.map((hash, i) => {
        const { from, to, input } = roots[i] as Node
        return { hash, from, to, input, value: '0x0', nonce: '0x5', gasPrice: '0x3b9aca00' }
      }),
    },
    receipts: hashes.map((transactionHash) => ({ transactionHash, status: '0x1', logs: [] })),
    traces: hashes.map((txHash, i) => ({ txHash, result: roots[i] })),
  }
}

function syntheticTrace(next: (below: number) => number, frames: number, sender: string): Node {
  const root = frame({ from: sender, to: address(next(400)), input: `0x3593564c${word(1)}` })
  const open = [root]
  for (let i = 1; i < frames; i++) {
    const parent = open[next(open.length)] ?? root
    const node = syntheticFrame(next, String(parent['to']))
    parent.calls.push(node)
    if (open.length < 8 && node['type'] === 'CALL' && node['logs'] === undefined) open.push(node)
  }
  return root
}

function syntheticFrame(next: (below: number) => number, from: string): Node {
  const kind = next(8)
  const to = address(next(400))
  if (kind < 2) {
    const payee = address(next(400))
    const amount = next(1_000_000) + 1
    const node = frame({ from, to, input: `0xa9059cbb${payee.slice(2).padStart(64, '0')}${word(amount)}` })
    const topics = [TRANSFER, topic(from), topic(payee)]
    return {
      ...node,
      output: `0x${word(1)}`,
      logs: [{ address: to, topics, data: `0x${word(amount)}`, position: '0x0' }],
    }
  }
  if (kind === 2) {
    const output = `0x${word(next(1_000_000))}${word(next(1_000_000))}${word(5)}`
    return { ...frame({ from, to, input: '0x0902f1ac' }), type: 'STATICCALL', output }
  }
  if (kind === 3)
    return frame({ from, to, input: `0x022c0d9f${word(1)}${word(2)}${word(3)}${word(128)}${word(0)}` })
  return frame({ from, to, input: `0x${hex(next(0xffffff), 8)}${word(next(1_000_000))}` })
}

function frame(parts: { from: string; to: string; input: string }): Node {
  return { type: 'CALL', ...parts, gas: '0x30d40', gasUsed: '0x5208', value: '0x0', output: '0x', calls: [] }
}
