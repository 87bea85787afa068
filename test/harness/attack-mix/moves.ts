import type { DrillRole } from '../../../src/drills/accounts.ts'
import { ETHER, type Mix } from './scene.ts'
import { dataOf, deploy, sendFrom } from './send.ts'

type Move = (mix: Mix) => Promise<void>

async function attacking(mix: Mix, by: DrillRole, sent: Parameters<typeof sendFrom>[2]): Promise<void> {
  mix.attacks.push(await sendFrom(mix.it.node, by, sent))
}

const onReserve =
  (variant: string): Move =>
  (mix) =>
    attacking(mix, 'reentrancyAttacker', { to: mix.evil, data: dataOf('FlawEvasions', variant, [3n]) })

/** The moves of an attacker in a block; with the number of the script if one of `shared/adversary/` does it. */
export const moves: Readonly<Record<string, Move>> = {
  '01 plain': onReserve('plain'),
  '01 quiet': onReserve('quiet'),
  '01 priced': onReserve('priced'),
  '01 latched': async (mix) => {
    await sendFrom(mix.it.node, 'optionAttacker', {
      to: mix.latch,
      data: dataOf('FlawLatch', 'arm'),
      tip: 5,
    })
    await onReserve('latched')(mix)
  },
  '02 decoy': (mix) =>
    attacking(mix, 'optionAttacker', { to: mix.decoy, data: dataOf('FlawEvasions', 'quiet', [2n]) }),
  '08 own savings from the honest reserve': async ({ it, nester }) => {
    const data = dataOf('Nester', 'take', [ETHER / 100n, 3n])
    await sendFrom(it.node, 'oracleAttacker', { to: nester, data })
  },
  '10 a depositor who has nothing left': async ({ it }) => {
    const poor = await deploy(it.node, 'oracleAttacker', { name: 'Nester', args: [it.at.ethReserve] })
    await sendFrom(it.node, 'oracleAttacker', { to: poor, data: dataOf('Nester', 'put'), value: 1n })
  },
  '20 forged operations of a timelock': (mix) =>
    attacking(mix, 'reentrancyAttacker', {
      to: mix.forger,
      data: dataOf('Forger', 'forge', [
        mix.evil,
        dataOf('FlawEvasions', 'quiet', [3n]),
        mix.it.at.ethReserve,
      ]),
    }),
}
