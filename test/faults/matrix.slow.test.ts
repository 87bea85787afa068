import { beforeAll, describe, expect, test } from 'vitest'
import type { Cell, CellOutcome } from '../harness/faults/cell.ts'
import { brokenClaims } from '../harness/faults/claims.ts'
import { runGroup } from '../harness/faults/run.ts'
import { faultCases } from '../harness/faults/table.ts'

const BLOCK_SECONDS = Number(process.env['CORDON_FAULT_BLOCK_SECONDS'] ?? 1)
const SEED = Number(process.env['CORDON_FAULT_SEED'] ?? 1)
/** Cells that watch one chain at the same time. */
const AT_ONCE = 4
const GROUP_MS = 300_000

const groups = ([1, 2] as const).flatMap((endpoints) =>
  (['running', 'restarted'] as const).flatMap((since) =>
    Array.from({ length: Math.ceil(faultCases.length / AT_ONCE) }, (_, n) => ({
      name: `${endpoints === 1 ? 'one endpoint' : 'two endpoints'}, ${since} (${n + 1}, seed ${SEED})`,
      cells: faultCases
        .slice(n * AT_ONCE, (n + 1) * AT_ONCE)
        .map((fault): Cell => ({ fault, endpoints, since })),
    })),
  ),
)

describe.each(groups)('$name', ({ cells }) => {
  let outcomes: ReadonlyMap<Cell, CellOutcome>
  beforeAll(async () => {
    outcomes = await runGroup({ cells, blockSeconds: BLOCK_SECONDS, blocksBefore: 10, seed: SEED })
  }, GROUP_MS)

  test.each(cells.map((cell) => [cell.fault.id, cell] as const))('%s', (_, cell) => {
    const outcome = outcomes.get(cell)
    if (outcome === undefined) throw new Error('the cell was not run')
    expect(brokenClaims(cell, outcome, BLOCK_SECONDS)).toBeNull()
  })
})
