import type { Address } from '../../model/hex.ts'
import { addressesIn, addressIn, givenAddress, numberIn, readOf, secondsIn } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** Lido: a GateSeal is used once and expires; the CircuitBreaker serves a pauser that proves it is alive. */
const IS_PAUSED = 'isPaused() view returns (bool)'
const base = {
  protocol: 'Lido',
  kind: 'pause',
  claims: {},
  tried: { on: 'fixture', what: 'contracts/levers/Lido.sol' },
} as const

export const lidoTemplates: readonly LeverTemplate[] = [
  {
    ...base,
    id: 'lido/gate-seal',
    breadth: 'contract',
    signature: 'seal(address[])',
    recognisedBy: ['seal(address[])', 'get_sealables()', 'is_expired()', 'get_seal_duration_seconds()'],
    trap: 'works ONCE, for all that is named in that one call; then it is worth nothing',
    find: gateSeal,
  },
  {
    ...base,
    id: 'lido/circuit-breaker',
    breadth: 'contract',
    signature: 'pause(address)',
    recognisedBy: ['pause(address)', 'heartbeat()', 'getPauser(address)', 'isPauserLive(address)'],
    needs: ['pausable'],
    trap: 'works once a registration; a pauser whose heartbeat has expired has NO pause power and cannot get it back alone',
    find: circuitBreaker,
  },
]

async function gateSeal({ ask, target }: Subject): Promise<Found[]> {
  const [expired] = (await ask(target, 'is_expired() view returns (bool)')) ?? []
  // Used up or expired: there is no lever.
  if (expired !== false) return []
  const sealables = addressesIn(await ask(target, 'get_sealables() view returns (address[])'), 8)
  const seconds = secondsIn(await ask(target, 'get_seal_duration_seconds() view returns (uint256)'))
  const expiry = numberIn(await ask(target, 'get_expiry_timestamp() view returns (uint256)'))
  const evidence = [`can be used until ${expiry}; resumed early only by the DAO`]
  const all = { args: [sealables], scope: `all of ${sealables.length}`, state: sealables.map(pausedState) }
  const single = sealables.map((sealable) => ({
    args: [[sealable]],
    scope: `only ${sealable}`,
    state: [pausedState(sealable)],
  }))
  return [all, ...(sealables.length > 1 ? single : [])].map((found) => ({
    target,
    ...found,
    ...(seconds === undefined ? {} : { maxDurationSeconds: seconds }),
    evidence,
  }))
}

async function circuitBreaker({ ask, target, given }: Subject): Promise<Found[]> {
  const pausable = givenAddress(given, 'pausable')
  const pauser = addressIn(await ask(target, 'getPauser(address) view returns (address)', [pausable]))
  if (pausable === undefined || pauser === undefined || /^0x0+$/.test(pauser)) return []
  const [isLive] = (await ask(target, 'isPauserLive(address) view returns (bool)', [pauser])) ?? []
  const expiry = numberIn(await ask(target, 'heartbeatExpiry(address) view returns (uint256)', [pauser]))
  const seconds = secondsIn(await ask(target, 'pauseDuration() view returns (uint256)'))
  return [
    {
      target,
      args: [pausable],
      scope: pausable,
      state: [pausedState(pausable)],
      ...(seconds === undefined ? {} : { maxDurationSeconds: seconds }),
      evidence: [`${pauser} is the pauser of ${pausable}; its heartbeat is due before ${expiry}`],
      ...(isLive === true ? {} : { trap: `the heartbeat of ${pauser} HAS EXPIRED: it cannot pause` }),
    },
  ]
}

function pausedState(address: Address) {
  return readOf(address, IS_PAUSED)
}
