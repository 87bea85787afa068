import type { OwnAttack } from './attack.ts'
import { stolenKeepers } from './bridge.ts'
import { falseBooks } from './exchange.ts'
import { emptyMarket, openPrices } from './lending.ts'
import { falseForge } from './vault.ts'

export const ownAttacks: readonly OwnAttack[] = [
  openPrices,
  emptyMarket,
  stolenKeepers,
  falseForge,
  falseBooks,
]
