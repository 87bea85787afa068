import type { Hash, Hex } from '../../model/hex.ts'
import { aave } from './aave.ts'
import { aaveV2 } from './aave-v2.ts'
import { aaveV3 } from './aave-v3.ts'
import { balancerV2 } from './balancer-v2.ts'
import { common } from './common.ts'
import { type ActionPlan, callPlans, logPlans } from './compile.ts'
import { compoundV2 } from './compound-v2.ts'
import { compoundV3 } from './compound-v3.ts'
import { curve } from './curve.ts'
import { erc3156 } from './erc3156.ts'
import { erc4626 } from './erc4626.ts'
import { gmx } from './gmx.ts'
import { gmxV2 } from './gmx-v2.ts'
import { lyra } from './lyra.ts'
import { maker } from './maker.ts'
import { opyn } from './opyn.ts'
import type { Family } from './rule.ts'
import { synthetix } from './synthetix.ts'
import { uniswapV2 } from './uniswap-v2.ts'
import { uniswapV3 } from './uniswap-v3.ts'
import { uniswapV4 } from './uniswap-v4.ts'

/** Every family whose signatures are shipped. A new one needs a file and a line here. */
export const families: readonly Family[] = [
  uniswapV2,
  uniswapV3,
  uniswapV4,
  balancerV2,
  curve,
  aave,
  aaveV2,
  aaveV3,
  compoundV2,
  compoundV3,
  erc4626,
  erc3156,
  maker,
  gmx,
  gmxV2,
  synthetix,
  opyn,
  lyra,
  common,
]

export const LOG_PLANS: ReadonlyMap<Hash, readonly ActionPlan[]> = grouped(families.flatMap(logPlans))
export const CALL_PLANS: ReadonlyMap<Hex, readonly ActionPlan[]> = grouped(families.flatMap(callPlans))

function grouped(plans: readonly (readonly [Hex, ActionPlan])[]): Map<Hex, ActionPlan[]> {
  const groups = new Map<Hex, ActionPlan[]>()
  for (const [key, plan] of plans) {
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [plan])
    else group.push(plan)
  }
  return groups
}
