import { expect, test } from 'vitest'
import type { FlowNode, FundFlow } from '../model/fund-flow.ts'
import type { Address } from '../model/hex.ts'
import { layout } from './fund-flow-layout.ts'
import { fundFlowSvg } from './fund-flow-svg.ts'

const at = (n: number): Address => `0x${n.toString(16).padStart(40, '0')}`

function node(n: number, hop: number, change: Partial<FlowNode> = {}): FlowNode {
  return { id: at(n), kind: 'account', label: null, hop, held: [], ...change }
}

function flow(nodes: FlowNode[], pairs: readonly [number, number][]): FundFlow {
  return {
    type: 'fund-flow',
    chainId: 1,
    fromBlock: 1,
    toBlock: 2,
    transactions: 3,
    sources: [{ account: at(1), asset: 'native', tokenId: null, amount: 10n ** 24n }],
    nodes,
    edges: pairs.map(([from, to], order) => ({
      id: `e${order}`,
      from: at(from),
      to: at(to),
      asset: 'native',
      tokenId: null,
      amount: 10n ** 24n,
      tainted: 123_456n,
      taintedFifo: order === 0 ? 5n : 123_456n,
      stolen: [],
      transactionHash: `0x${'1'.repeat(64)}`,
      blockNumber: 1,
      order,
      kind: 'transfer',
      through: [],
    })),
    totals: [
      { asset: 'native', tokenId: null, stolen: 10n ** 24n, at: {}, unexplained: { haircut: 0n, fifo: 0n } },
    ],
    cut: { edges: 0, accounts: 0, assets: 0 },
    doubted: [],
  }
}

test('names of strangers are inert: no tag, no quote, no escape, no mark that turns the text round', () => {
  const name = '</text><script>alert(1)</script>"\'&\u001b[2J\u202egnp'
  const svg = fundFlowSvg(flow([node(1, 0, { label: { name, source: '" onload="x' } })], []))
  expect(svg).not.toMatch(/<script|onload="|\u001b|\u202e|<\/text><s/)
  expect(svg.match(/<title>[^<]*onload[^<]*<\/title>/)?.[0]).toContain('&#34;')
})

test('a token is called by its symbol, in quotes where only its contract says so', () => {
  const drawn = (vouched: boolean): string =>
    fundFlowSvg(flow([node(1, 0), node(2, 1)], [[1, 2]]), [
      { asset: 'native', symbol: 'COIN', decimals: 18, vouched },
    ])
  expect(drawn(true)).toMatch(/[^“]COIN/)
  expect(drawn(false)).toContain('“COIN”')
})

test('amounts stand on the lines, both where the methods differ, and the whole number in the title', () => {
  const svg = fundFlowSvg(
    flow(
      [node(1, 0), node(2, 1), node(3, 2)],
      [
        [1, 2],
        [2, 3],
      ],
    ),
  )
  expect(svg).toContain('>123,456 / 5 native<')
  expect(svg).toContain('>123,456 native<')
  expect(svg).toContain('haircut 123456, fifo 5 of native')
  expect(svg).toContain('Stolen: 1e24 native')
})

test('every kind has a shape and a colour of its own in the legend', () => {
  const kinds = [
    'attacker',
    'victim',
    'exchange',
    'bridge',
    'mixer',
    'contract',
    'dormant',
    'account',
    'burn',
  ] as const
  const svg = fundFlowSvg(
    flow(
      kinds.map((kind, i) => node(i + 1, i, { kind })),
      [],
    ),
  )
  for (const kind of kinds) expect(svg).toContain(`>${kind}<`)
  expect(
    new Set([...svg.matchAll(/<path d="(M[^"]+)" transform="translate\(11 15\)"/g)].map(([, d]) => d)).size,
  ).toBe(9)
})

test('no two words of lines stand on one another, and ten thousand accounts are drawn as sixty', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => node(i + 2, 1))
  const pairs = many.map((_, i): [number, number] => [1, i + 2])
  const { nodes, lines, hidden } = layout(flow([node(1, 0), ...many], pairs))
  expect([nodes.length, hidden]).toEqual([60, 9_941])
  const ys = lines.map((line) => line.at.y).sort((a, b) => a - b)
  expect(Math.min(...ys.slice(1).map((y, i) => y - (ys[i] ?? 0)))).toBeGreaterThanOrEqual(15)
})
