import { toFunctionSelector } from 'viem'
import { expect, test } from 'vitest'
import { simulateV1Sequencer } from '../../src/contain/trials/sequence.ts'
import type { Hex } from '../../src/model/hex.ts'
import { attackLabels, describeCorpus } from './corpus.ts'
import { openStateFork, type StateFork, stateNames } from './state-fork.ts'

async function forked<T>(name: string, use: (fork: StateFork) => Promise<T>): Promise<T> {
  const fork = await openStateFork(name)
  try {
    return await use(fork)
  } finally {
    await fork.close()
  }
}

/** The answer of a view without arguments, as an address. */
async function addressOf(fork: StateFork, to: string, signature: string): Promise<string> {
  const call = { to, data: toFunctionSelector(signature) }
  return `0x${String(await fork.rpc.request('eth_call', [call, 'latest'])).slice(26)}`
}

describeCorpus('forks of real state', () => {
  test('contracts answer what they answered on the real chain', async () => {
    for (const [name, view] of [
      ['Compound', 'implementation()'],
      ['HundredFinance', 'comptroller()'],
    ] as const) {
      const label = attackLabels().find(({ id }) => id === name)
      const answer = await forked(name, (fork) => addressOf(fork, label?.vulnerableContracts[0] ?? '', view))
      expect([name, answer]).toEqual([name, expect.stringMatching(/^0x(?!0{40})[0-9a-f]{40}$/)])
    }
  })

  test('storage that is not in the file reads as zero, and is told', async () => {
    await forked('Compound', async (fork) => {
      const [address = '0x'] = fork.contracts
      const slot = `0x${'77'.repeat(32)}`
      expect(await fork.rpc.request('eth_getStorageAt', [address, slot, 'latest'])).toBe(
        `0x${'0'.repeat(64)}`,
      )
      expect(fork.node.missingSlots.get(address)?.has(slot as Hex)).toBe(true)
    })
  })

  test('every recorded state is forked at its block, with its code, and simulates', async () => {
    for (const name of stateNames()) {
      await forked(name, async (fork) => {
        expect([name, Number(await fork.rpc.request('eth_blockNumber', []))]).toEqual([name, fork.forkBlock])
        expect([name, Number(await fork.rpc.request('eth_chainId', []))]).toEqual([name, fork.chainId])
        const [to = '0x'] = fork.contracts
        expect(await fork.rpc.request('eth_getCode', [to, 'latest'])).toBe(fork.state.accounts[to]?.code)
        const call = {
          from: `0x${'11'.repeat(20)}`,
          to: `0x${'22'.repeat(20)}`,
          data: '0x',
          value: 0n,
        } as const
        const [result] = await simulateV1Sequencer(fork.rpc).run(fork.forkBlock, [call])
        expect([name, result?.succeeded]).toEqual([name, true])
      })
    }
  })
})
