import { addressOf } from '../../../src/drills/accounts.ts'
import { systemClock } from '../../../src/kit/clock.ts'
import type { Fault } from '../faults/proxy.ts'

/** The faults of one run, besides the attacks. Turns count from 0. */
export type Trouble = {
  faultIn(turn: number): Fault | null
  /** Null if there is none. */
  reorgAt: number | null
  restartAt: number | null
}

type Random = () => number

const refuse = { kind: 'refused', code: -32000, message: 'header not found' } as const

/** Faults of a node that returns nothing false, and one that does. */
const kinds: Readonly<Record<string, (random: Random) => Fault>> = {
  'some calls fail': (random) => async (call, forward) => (random() < 0.3 ? refuse : forward(call)),
  'some connections are cut': (random) => async (call, forward) =>
    random() < 0.2 ? { kind: 'cut' } : forward(call),
  'all is slow': () => async (call, forward) => {
    await systemClock.sleep(300)
    return forward(call)
  },
  'nothing can be simulated': () => async (call, forward) =>
    call.method === 'eth_simulateV1' ? refuse : forward(call),
  'a send is answered by nothing': () => async (call, forward) => {
    const answer = await forward(call)
    return call.method === 'eth_sendRawTransaction' ? { kind: 'cut' } : answer
  },
  'the guardian’s nonce is wrong': () => async (call, forward) => {
    const isIt =
      call.method === 'eth_getTransactionCount' &&
      String(call.params[0]).toLowerCase() === addressOf('guardian')
    return isIt ? { kind: 'result', value: '0x309' } : forward(call)
  },
  'receipts come late': (random) => async (call, forward) =>
    call.method === 'eth_getTransactionReceipt' && random() < 0.7
      ? { kind: 'result', value: null }
      : forward(call),
}

/** One or two faults of a few turns each, perhaps a reorg, perhaps a restart. */
export function drawTrouble(random: Random, turns: number): Trouble {
  const names = Object.keys(kinds)
  const spans = Array.from({ length: random() < 0.5 ? 1 : 2 }, () => {
    const from = Math.floor(random() * turns)
    const name = names[Math.floor(random() * names.length)] ?? 'all is slow'
    return { from, to: from + 2 + Math.floor(random() * 3), fault: kinds[name]?.(random) ?? null }
  })
  const perhaps = (chance: number): number | null => (random() < chance ? Math.floor(random() * turns) : null)
  const [reorgAt, restartAt] = [perhaps(0.6), perhaps(0.5)]
  return {
    faultIn: (turn) => spans.find(({ from, to }) => turn >= from && turn < to)?.fault ?? null,
    reorgAt,
    restartAt,
  }
}
