import { expect, test } from 'vitest'
import { simulateV1Sequencer } from '../../src/contain/trials/sequence.ts'
import { describeCorpus } from './corpus.ts'
import { putUpAttack } from './real-attack.ts'
import { openStateFork, stateNames } from './state-fork.ts'

/** Their recorded tests were given tokens by writing storage, which no trace shows. */
const NOT_REPLAYABLE = ['Fantasm_Finance', 'Furucombo', 'Uranium']

describeCorpus('puppets', () => {
  test('recorded attacks go through again on forks of real state, made by puppets of their contracts', async () => {
    const replayed: string[] = []
    for (const name of stateNames()) {
      const fork = await openStateFork(name)
      try {
        const { puppets } = await putUpAttack(fork)
        if (puppets === null) continue
        const [result] = await simulateV1Sequencer(fork.rpc).run(fork.forkBlock, [puppets.call])
        if (result?.succeeded === true) replayed.push(name)
      } finally {
        await fork.close()
      }
    }
    expect(replayed).toEqual(stateNames().filter((name) => !NOT_REPLAYABLE.includes(name)))
  })
})
