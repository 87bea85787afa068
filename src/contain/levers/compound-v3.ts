import { readOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Compound v3 (Comet). `pause` sets five flags at once: those already set are kept, and undo restores them. */
const FLAGS = ['Supply', 'Transfer', 'Withdraw', 'Absorb', 'Buy'] as const
type Flag = (typeof FLAGS)[number]
const SIGNATURE = 'pause(bool,bool,bool,bool,bool)'
const OPEN: LeverTemplate['claims'] = {
  supply: 'open',
  'top-up': 'open',
  repay: 'open',
  borrow: 'open',
  withdraw: 'open',
  transfer: 'open',
  trade: 'open',
  liquidate: 'open',
}
const BLOCKED_BY: Readonly<Record<Flag, LeverTemplate['claims']>> = {
  Supply: { supply: 'blocked', 'top-up': 'blocked', repay: 'blocked' },
  Transfer: { transfer: 'blocked' },
  Withdraw: { borrow: 'blocked', withdraw: 'blocked' },
  Absorb: { liquidate: 'blocked' },
  Buy: { trade: 'blocked' },
}
const OVERWRITES = 'overwrites all five flags: a flag that somebody sets meanwhile is lost'
const NO_REPAY = 'nobody can repay or top up'

export const compoundV3Templates: readonly LeverTemplate[] = [
  cometTemplate('withdraw', ['Withdraw'], OVERWRITES),
  cometTemplate('outflow', ['Withdraw', 'Transfer', 'Buy'], OVERWRITES),
  cometTemplate('supply', ['Supply'], `${OVERWRITES}; ${NO_REPAY}, and absorptions go on`),
  cometTemplate('all', FLAGS, `${OVERWRITES}; ${NO_REPAY}, and bad debt grows while it lasts`),
]

function cometTemplate(name: string, flags: readonly Flag[], trap: string): LeverTemplate {
  return {
    id: `compound-v3/${name}`,
    protocol: 'Compound v3',
    kind: 'pause',
    breadth: flags.length === FLAGS.length ? 'market' : 'operation',
    signature: SIGNATURE,
    recognisedBy: [SIGNATURE, ...FLAGS.map((flag) => `is${flag}Paused()`)],
    claims: claimsOf(flags),
    trap,
    tried: { on: 'fixture', what: 'contracts/levers/CompoundV3.sol' },
    find: (subject) => pauseOf(subject, flags),
  }
}

function claimsOf(flags: readonly Flag[]): LeverTemplate['claims'] {
  return Object.assign({ ...OPEN }, ...flags.map((flag) => BLOCKED_BY[flag]))
}

async function pauseOf({ ask, target }: Subject, wanted: readonly Flag[]): Promise<Found[]> {
  const now = await Promise.all(
    FLAGS.map(async (flag) => (await ask(target, `is${flag}Paused() view returns (bool)`))?.[0]),
  )
  // Without all five, the overwritten values are unknown.
  if (!now.every((flag) => typeof flag === 'boolean')) return []
  const after = FLAGS.map((flag, i) => now[i] === true || wanted.includes(flag))
  const set = FLAGS.filter((_, i) => after[i])
  const kept = FLAGS.filter((_, i) => now[i])
  return [
    {
      target,
      args: after,
      scope: `${wanted.join(', ').toLowerCase()} of the market`,
      state: wanted.map((flag) => readOf(target, `is${flag}Paused() view returns (bool)`)),
      undo: { signature: SIGNATURE, args: now },
      claims: claimsOf(set),
      evidence: [
        kept.length === 0
          ? 'no flag is set now'
          : `flags set now, which are kept: ${kept.join(', ').toLowerCase()}`,
      ],
    },
  ]
}
