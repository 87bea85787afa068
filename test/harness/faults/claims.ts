import { type Cell, type CellOutcome, isSeenLate } from './cell.ts'

type Claim = { says: string; holds: (cell: Cell, outcome: CellOutcome, blockSeconds: number) => boolean }

const isOk = ({ status }: { status: string }): boolean => status === 'ok'

/** Time until the remembered share of failures of an endpoint has decreased. */
const HEALTHY_AFTER_MS = 30_000

const endpointIsWell = (cell: Cell): boolean =>
  cell.endpoints === 2 || (cell.fault.hides !== 'node' && !isSeenLate(cell))

/** Claims that hold in every cell, for every fault. */
const claims: readonly Claim[] = [
  { says: 'Cordon starts and goes on watching', holds: (_, { failure }) => failure === null },
  {
    says: 'the attack is found within two block times, or late where nothing shows it before',
    holds: (cell, { foundAfterMs }, blockSeconds) =>
      foundAfterMs !== null && (isSeenLate(cell) || foundAfterMs < 2_000 * blockSeconds),
  },
  { says: 'nothing is judged twice', holds: (_, { doubles }) => doubles.length === 0 },
  {
    says: 'the attack is recorded as one alert of one incident',
    holds: (_, { incidents, alertsOfAttack }) => incidents === 1 && alertsOfAttack === 1,
  },
  {
    says: 'what could not be seen is told',
    holds: ({ fault, endpoints }, { notices, partial, blind, during }) =>
      fault.hides === 'none' ||
      (['trap', 'traces', 'text'].includes(fault.hides) && endpoints === 2) ||
      during.some((sample) => !isOk(sample)) ||
      notices.some((line) => !line.startsWith('gap-filled')) ||
      (partial?.open ?? 0) + (partial?.givenUp ?? 0) + blind.length > 0,
  },
  {
    // One node on another fork looks like a reorganised chain: the reorg is reported. Cut text hides no call.
    says: '/health is never ok while the fault is on',
    holds: ({ fault, endpoints }, { during }) =>
      ['none', 'text', 'fork'].includes(fault.hides) || endpoints === 2 || !during.some(isOk),
  },
  {
    says: '/health is blind while no transaction shows its calls',
    holds: (cell, { during }) =>
      !isSeenLate(cell) || (during.length > 0 && during.every(({ status }) => status === 'blind')),
  },
  {
    says: '/health tells of an endpoint that does not serve, though another does',
    holds: ({ fault, endpoints }, { during }) =>
      !['node', 'fork'].includes(fault.hides) || endpoints === 1 || !during.every(isOk),
  },
  {
    says: '/health is ok again once the fault is over',
    holds: (cell, { healthyAfterMs }) =>
      endpointIsWell(cell) || (healthyAfterMs !== null && healthyAfterMs < HEALTHY_AFTER_MS),
  },
]

/** The claims that do not hold, with the observations. */
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
