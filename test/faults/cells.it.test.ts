import { beforeAll, expect, test } from 'vitest'
import type { Cell, CellOutcome } from '../harness/faults/cell.ts'
import { brokenClaims } from '../harness/faults/claims.ts'
import { runGroup } from '../harness/faults/run.ts'
import { faultCases } from '../harness/faults/table.ts'

/** Longer than on a chain of the drill: a busy machine must not decide. */
const BLOCK_SECONDS = 3
const chosen = [
  'trace of one transaction times out',
  'trace of one transaction is missing',
  'receipts without their logs',
  'node is gone',
]
const cells = faultCases
  .filter(({ id }) => chosen.includes(id))
  .map((fault): Cell => ({ fault, endpoints: 1, since: 'running' }))

let outcomes: ReadonlyMap<Cell, CellOutcome>
beforeAll(async () => {
  outcomes = await runGroup({ cells, blockSeconds: BLOCK_SECONDS, blocksBefore: 5, seed: 1 })
})

test.each(cells.map((cell) => [cell.fault.id, cell] as const))(
  '%s: the attack after it is found',
  (_, cell) => {
    const outcome = outcomes.get(cell)
    if (outcome === undefined) throw new Error('the cell was not run')
    const broken = brokenClaims(cell, outcome, BLOCK_SECONDS)
    expect(broken).toBeNull()
  },
)
