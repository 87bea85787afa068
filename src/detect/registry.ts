import type { Detector } from '../model/detector.ts'
import { drain } from './drain/drain.ts'
import { network } from './network/network.ts'
import { priceManipulation } from './price-manipulation/price-manipulation.ts'
import { reentrancy } from './reentrancy/reentrancy.ts'

/** All shipped detectors. A new one is a folder and a line here. */
export const detectors: readonly Detector[] = [reentrancy, drain, priceManipulation, network]
