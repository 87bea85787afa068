import type { OwnAttack } from './attack.ts'
import { emptyMarket, openPrices } from './lending.ts'

export const ownAttacks: readonly OwnAttack[] = [openPrices, emptyMarket]
