import type { Cell, CellOutcome } from './cell.ts'

type Claim = { says: string; holds: (cell: Cell, outcome: CellOutcome, blockSeconds: number) => boolean }

const isOk = ({ status }: { status: string }): boolean => status === 'ok'

/** What holds in every cell, whatever the fault. */
const claims: readonly Claim[] = [
  { says: 'Cordon starts and goes on watching', holds: (_, { failure }) => failure === null },
  {
    says: 'the attack is found within two block times',
    holds: (_, { foundAfterMs }, blockSeconds) =>
      foundAfterMs !== null && foundAfterMs < 2_000 * blockSeconds,
  },
  { says: 'nothing is judged twice', holds: (_, { doubles }) => doubles.length === 0 },
  {
    says: 'the attack is recorded as one alert of one incident',
    holds: (_, { incidents, alertsOfAttack }) => incidents === 1 && alertsOfAttack === 1,
  },
  {
    says: 'what could not be seen is told',
    holds: ({ fault, endpoints }, { notices, partial, blind }) =>
      fault.hides === 'none' ||
      (fault.hides === 'trap' && endpoints === 2) ||
      notices.some((line) => !line.startsWith('gap-filled')) ||
      (partial?.open ?? 0) + (partial?.givenUp ?? 0) + blind.length > 0,
  },
  {
    says: '/health is never ok while the fault is on',
    holds: ({ fault, endpoints }, { during }) =>
      fault.hides === 'none' || endpoints === 2 || !during.some(isOk),
  },
  {
    says: '/health tells of an endpoint that does not serve, though another does',
    holds: ({ fault, endpoints }, { during }) =>
      fault.hides !== 'node' || endpoints === 1 || !during.every(isOk),
  },
  {
    says: '/health is ok again once the fault is over',
    holds: ({ fault, endpoints }, { healthAtEnd }) =>
      fault.hides !== 'node' || endpoints === 2 || healthAtEnd === 'ok',
  },
]

/** The claims that do not hold, and what was seen instead. */
export function brokenClaims(
  cell: Cell,
  outcome: CellOutcome,
  blockSeconds: number,
): { broken: readonly string[]; seen: unknown } | null {
  const broken = claims.filter(({ holds }) => !holds(cell, outcome, blockSeconds)).map(({ says }) => says)
  if (broken.length === 0) return null
  const health = [
    ...new Set(outcome.during.map(({ status, reasons }) => `${status} ${reasons}`.slice(0, 300))),
  ]
  const notices = [`${outcome.notices.length} in all`, ...outcome.notices.slice(0, 8)].map((line) =>
    line.slice(0, 200),
  )
  return { broken, seen: { ...outcome, notices, during: health } }
}
