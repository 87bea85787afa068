import { afterEach, expect, test } from 'vitest'
import { runMix } from '../harness/attack-mix/run.ts'
import { closeStages } from '../harness/stage.ts'

const RUNS = Number(process.env['CORDON_MIX_RUNS'] ?? 6)
const SEED = Number(process.env['CORDON_MIX_SEED'] ?? 1)

afterEach(closeStages)

test.each(Array.from({ length: RUNS }, (_, n) => SEED + n))(
  'seed %i: no pause twice, no attack forgotten, no honest contract paused, whatever fails meanwhile',
  async (seed) => {
    const { violations, moves, attacks, lost, pauses, story } = await runMix(seed)
    const milliEther = Number(lost / 10n ** 15n)
    process.stdout.write(`${JSON.stringify({ seed, attacks, pauses, milliEther, moves, violations })}\n`)
    expect(violations, story.join('\n')).toEqual([])
  },
)
