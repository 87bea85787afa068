import type { Detector } from '../model/detector.ts'
import { arbitraryCall } from './arbitrary-call/arbitrary-call.ts'
import { controlTakeover } from './control-takeover/control-takeover.ts'
import { drain } from './drain/drain.ts'
import { priceManipulation } from './price-manipulation/price-manipulation.ts'
import { reentrancy } from './reentrancy/reentrancy.ts'
import { unbackedMint } from './unbacked-mint/unbacked-mint.ts'

/** All shipped detectors. A new one is a folder and a line here. */
export const detectors: readonly Detector[] = [
  reentrancy,
  priceManipulation,
  controlTakeover,
  arbitraryCall,
  unbackedMint,
  drain,
]
