import { isStatable, type RateUse, tooFewText } from '../model/statable.ts'
import { type Proportion, proportionText } from './statistics.ts'

/** A rate with its n and interval, or “n = 7: too few to say”. */
export function rateText(proportion: Proportion, use: RateUse): string {
  return isStatable(proportion, use) ? proportionText(proportion) : tooFewText(proportion)
}
