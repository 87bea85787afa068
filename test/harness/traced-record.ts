import type { FlowNode } from '../../src/model/fund-flow.ts'
import type { Investigation } from '../../src/model/investigation.ts'
import { ATTACK, investigationOf, THIEF, TOKEN } from './report-record.ts'

export const DEPOSIT = `0x${'d1'.repeat(20)}` as const
export const PORTAL = `0x${'d2'.repeat(20)}` as const
export const HOP = `0x${'d3'.repeat(20)}` as const

const held = (amount: bigint): FlowNode['held'] => [
  { asset: TOKEN, tokenId: null, amount, amountFifo: amount, stolen: [] },
]

/** As `investigationOf`, and then: 40 through a hop to an exchange, 10 to a bridge, 20 stay with the thief. */
export function tracedInvestigation(words: string): Investigation {
  const found = investigationOf(words)
  const [victim, thief] = found.fundFlow.nodes
  const [first] = found.fundFlow.edges
  if (victim === undefined || thief === undefined || first === undefined) throw new Error('they are there')
  const edge = (order: number, change: Partial<typeof first>): typeof first => ({
    ...first,
    id: `e${order + 1}`,
    order,
    blockNumber: 7 + order,
    transactionHash: order === 0 ? ATTACK : `0x${`c${order}`.repeat(32)}`,
    ...change,
  })
  const node = (id: FlowNode['id'], change: Pick<FlowNode, 'kind' | 'label' | 'hop' | 'held'>): FlowNode => ({
    id,
    ...change,
  })
  const labels = 'labels of ours'
  return {
    ...found,
    fundFlow: {
      ...found.fundFlow,
      nodes: [
        victim,
        { ...thief, held: held(20n) },
        node(HOP, { kind: 'account', label: null, hop: 2, held: [] }),
        node(DEPOSIT, {
          kind: 'exchange',
          label: { name: 'Northex 14', source: labels },
          hop: 3,
          held: held(40n),
        }),
        node(PORTAL, { kind: 'bridge', label: { name: 'Portal', source: labels }, hop: 2, held: held(10n) }),
      ],
      edges: [
        first,
        edge(1, { from: THIEF, to: HOP, amount: 40n, tainted: 40n, taintedFifo: 40n }),
        edge(2, { from: THIEF, to: PORTAL, amount: 10n, tainted: 10n, taintedFifo: 10n }),
        edge(3, { from: HOP, to: DEPOSIT, amount: 40n, tainted: 40n, taintedFifo: 40n }),
      ],
    },
  }
}
