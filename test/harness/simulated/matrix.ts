import { randomFrom } from '../../../bench/random.ts'
import { drawFault, type Fault, type FaultKind, faultKinds } from './faults.ts'
import type { Case } from './run.ts'

/** Every point where a containment can die, in order. */
export const crashPoints = [
  'playbooks.run-created',
  'playbooks.step-started:contain',
  'contain.planned',
  'contain.simulated',
  'contain.before-sign',
  'contain.signed',
  'contain.persisted',
  'contain.before-send',
  'contain.sent',
  'contain.replaced',
  'contain.filled',
  'contain.mined',
  'contain.verified',
  'playbooks.step-finished:contain',
] as const
type CrashPoint = (typeof crashPoints)[number]

/** The faults that are needed to reach a point at all. */
const LEADS_TO: Partial<Record<CrashPoint, (random: () => number) => Fault[]>> = {
  'contain.replaced': (random) => [
    { ...drawFault('gas-spike', random), from: 0, until: 14_000, way: random() / 4, afterSent: true },
  ],
  'contain.filled': (random) => [
    { ...drawFault('nonce-stolen', random), from: 0, until: 100, size: 4, afterSent: true },
    { ...drawFault('reorg', random), from: 9_000, until: 9_001, size: 10, way: 1, afterSent: true },
  ],
}

export type MatrixCase = Case & { point: CrashPoint | null; kinds: readonly FaultKind[] }

const CROSS = crashPoints.length * faultKinds.length
const ROUND = 1_000

/**
 * The complete run of a seed. The first 140 of each thousand take each crash point with each fault once; the others die
 * and fail randomly, at several points and by several faults together.
 */
export function caseOf(seed: number): MatrixCase {
  const random = randomFrom(Math.imul(seed, 0x9e3779b1))
  const n = (seed - 1) % ROUND
  return n < CROSS ? crossed(n, seed, random) : drawn(seed, random)
}

/** The gap of ADR 0007 alone: the nonce is stolen once the pause is out, and a deep reorg returns it later. */
export function givenBack(seed: number): MatrixCase {
  const random = randomFrom(Math.imul(seed, 0x85ebca6b))
  const faults = [
    { ...drawFault('nonce-stolen', random), from: 250 + random() * 500, until: 1_000, size: 4 },
    {
      ...drawFault('reorg', random),
      from: 4_000 + random() * 9_000,
      until: 14_000,
      size: 6 + Math.floor(random() * 5),
    },
  ]
  return { seed, point: null, kinds: ['nonce-stolen', 'reorg'], deaths: [], faults }
}

function crossed(n: number, seed: number, random: () => number): MatrixCase {
  const point = crashPoints[Math.floor(n / faultKinds.length)] ?? 'contain.sent'
  const kind = faultKinds[n % faultKinds.length] ?? 'none'
  const faults = kind === 'none' ? [] : [drawFault(kind, random)]
  const leading = LEADS_TO[point]?.(random) ?? []
  return { seed, point, kinds: [kind], deaths: [{ point, nth: 1 }], faults: [...leading, ...faults] }
}

function drawn(seed: number, random: () => number): MatrixCase {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const deaths = Array.from({ length: Math.floor(random() * 4) }, () => ({
    point: pick(crashPoints),
    nth: random() < 0.6 ? 1 : 1 + Math.floor(random() * 4),
  }))
  const kinds = Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(faultKinds.slice(1)))
  const faults = kinds.map((kind) => drawFault(kind, random))
  return { seed, point: (deaths[0]?.point as CrashPoint | undefined) ?? null, kinds, deaths, faults }
}
