import { encodeAbiParameters, keccak256 } from 'viem'
import type { Hex } from '../../model/hex.ts'
import { addressIn, givenAddress, givenNumber, readOf } from './reads.ts'
import type { Found, LeverTemplate, Subject } from './template.ts'

/** GMX: v2 switches each feature off by one key per handler, v1 the whole vault. */
const SET_BOOL = 'setBool(bytes32,bytes,bool)'
const GET_BOOL = 'getBool(bytes32) view returns (bool)'
/** `Order.OrderType`: opens or adds to a position at the market price. */
const MARKET_INCREASE = 2n
const ORDER_TYPES = 'order types: 0 and 1 swap, 2 and 3 increase, 4 to 6 decrease, 7 liquidates'
const KEEPERS = 'a CONFIG_KEEPER; a LIMITED_CONFIG_KEEPER may set caps only'

type Feature = {
  name: string
  key: string
  hasOrderType: boolean
  claims: LeverTemplate['claims']
  trap: string
}

const FEATURES: readonly Feature[] = [
  {
    name: 'create-order',
    key: 'CREATE_ORDER_FEATURE_DISABLED',
    hasOrderType: true,
    claims: { trade: 'blocked', close: 'open', liquidate: 'open', supply: 'open', withdraw: 'open' },
    trap: `orders that wait are executed all the same; ${ORDER_TYPES}`,
  },
  {
    name: 'execute-order',
    key: 'EXECUTE_ORDER_FEATURE_DISABLED',
    hasOrderType: true,
    claims: { trade: 'blocked', close: 'open', liquidate: 'open', supply: 'open', withdraw: 'open' },
    trap: `only one order type of one handler: liquidations have their own; new orders are still taken; ${ORDER_TYPES}`,
  },
  {
    name: 'create-deposit',
    key: 'CREATE_DEPOSIT_FEATURE_DISABLED',
    hasOrderType: false,
    claims: { supply: 'blocked', trade: 'open', close: 'open', liquidate: 'open', withdraw: 'open' },
    trap: 'deposits that wait are executed all the same',
  },
  {
    name: 'create-withdrawal',
    key: 'CREATE_WITHDRAWAL_FEATURE_DISABLED',
    hasOrderType: false,
    claims: { withdraw: 'blocked', supply: 'open', trade: 'open', close: 'open', liquidate: 'open' },
    trap: 'withdrawals that wait are executed all the same',
  },
]

export const gmxTemplates: readonly LeverTemplate[] = [
  ...FEATURES.map(featureTemplate),
  vaultTemplate('leverage', { trade: 'blocked', close: 'open', liquidate: 'open', withdraw: 'open' }),
  vaultTemplate('swap', { trade: 'open', close: 'open', liquidate: 'open', withdraw: 'open' }),
]

function featureTemplate(feature: Feature): LeverTemplate {
  return {
    id: `gmx-v2/${feature.name}`,
    protocol: 'GMX v2',
    kind: 'pause',
    breadth: 'operation',
    signature: SET_BOOL,
    recognisedBy: [SET_BOOL, 'dataStore()', 'setUint(bytes32,bytes,uint256)', 'roleStore()'],
    needs: ['handler'],
    ...(feature.hasOrderType ? { takes: ['orderType'] } : {}),
    claims: feature.claims,
    trap: feature.trap,
    ...(feature.hasOrderType
      ? { zeroMeaning: 'an order type of 0 is the market swap, not every type: each has its own key' }
      : {}),
    ...(feature.name === 'create-order' ? { together: ['gmx-v2/execute-order'] } : {}),
    tried: { on: 'fixture', what: 'contracts/levers/GmxV2.sol' },
    find: (subject) => disable(subject, feature),
  }
}

async function disable({ target, ask, given }: Subject, feature: Feature): Promise<Found[]> {
  const handler = givenAddress(given, 'handler')
  const type = given['orderType'] === undefined ? MARKET_INCREASE : givenNumber(given, 'orderType')
  const store = addressIn(await ask(target, 'dataStore() view returns (address)'))
  if (handler === undefined || type === undefined || store === undefined) return []
  const baseKey = keccak256(encodeAbiParameters([{ type: 'string' }], [feature.key]))
  const data = feature.hasOrderType
    ? encodeAbiParameters([{ type: 'address' }, { type: 'uint256' }], [handler, type])
    : encodeAbiParameters([{ type: 'address' }], [handler])
  const key: Hex = keccak256(`${baseKey}${data.slice(2)}`)
  if ((await ask(store, GET_BOOL, [key])) === null) return []
  return [
    {
      target,
      args: [baseKey, data, true],
      scope: `${handler}${feature.hasOrderType ? `, order type ${type}` : ''}`,
      state: [readOf(store, GET_BOOL, { args: [key] })],
      undo: { signature: SET_BOOL, args: [baseKey, data, false] },
      evidence: [`who may: ${KEEPERS}`],
    },
  ]
}

function vaultTemplate(what: 'leverage' | 'swap', claims: LeverTemplate['claims']): LeverTemplate {
  const [name, view] =
    what === 'leverage'
      ? ['setIsLeverageEnabled', 'isLeverageEnabled() view returns (bool)']
      : ['setIsSwapEnabled', 'isSwapEnabled() view returns (bool)']
  const signature = `${name}(bool)`
  return {
    id: `gmx-v1/${what}-off`,
    protocol: 'GMX v1',
    kind: 'pause',
    breadth: 'operation',
    signature,
    recognisedBy: [
      'setIsLeverageEnabled(bool)',
      'setIsSwapEnabled(bool)',
      'liquidatePosition(address,address,address,bool,address)',
    ],
    claims,
    zeroMeaning: 'it is an enabling flag: false stops, true allows',
    trap: 'the vault’s gov is a timelock with handlers of its own: who may is tried',
    tried: { on: 'fixture', what: 'contracts/levers/GmxV1.sol' },
    find: async ({ target }) => [
      {
        target,
        args: [false],
        scope: what === 'leverage' ? 'new positions' : 'swaps',
        state: [readOf(target, view, { pulled: 'clear' })],
        undo: { signature, args: [true] },
      },
    ],
  }
}
