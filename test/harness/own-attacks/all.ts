import { openFeed, openFeedV2 } from './aave.ts'
import type { OwnAttack } from './attack.ts'
import { stolenKeepers } from './bridge.ts'
import { worthlessCoin } from './exchange.ts'
import { emptyMarket, openPrices } from './lending.ts'
import { falseStake } from './staking.ts'
import { falseForge } from './vault.ts'

export const ownAttacks: readonly OwnAttack[] = [
  openPrices,
  emptyMarket,
  openFeed,
  openFeedV2,
  stolenKeepers,
  falseForge,
  worthlessCoin,
  falseStake,
]
