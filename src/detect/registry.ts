import type { Detector } from '../model/detector.ts'
import { activity } from './detectors/activity/activity.ts'
import { approvalDrain } from './detectors/approval-drain/approval-drain.ts'
import { arbitraryCall } from './detectors/arbitrary-call/arbitrary-call.ts'
import { bridgeForgery } from './detectors/bridge-forgery/bridge-forgery.ts'
import { controlTakeover } from './detectors/control-takeover/control-takeover.ts'
import { drain } from './detectors/drain/drain.ts'
import { economics } from './detectors/economics/economics.ts'
import { governance } from './detectors/governance/governance.ts'
import { invariants } from './detectors/invariants/invariants.ts'
import { liquidityPull } from './detectors/liquidity-pull/liquidity-pull.ts'
import { network } from './detectors/network/network.ts'
import { optionAbuse } from './detectors/option-abuse/option-abuse.ts'
import { paidIn } from './detectors/paid-in/paid-in.ts'
import { perpAbuse } from './detectors/perp-abuse/perp-abuse.ts'
import { preparation } from './detectors/preparation/preparation.ts'
import { priceManipulation } from './detectors/price-manipulation/price-manipulation.ts'
import { readOnlyReentrancy } from './detectors/read-only-reentrancy/read-only-reentrancy.ts'
import { reentrancy } from './detectors/reentrancy/reentrancy.ts'
import { safeSpoof } from './detectors/safe-spoof/safe-spoof.ts'
import { shareInflation } from './detectors/share-inflation/share-inflation.ts'
import { signature } from './detectors/signature/signature.ts'
import { slowDrain } from './detectors/slow-drain/slow-drain.ts'
import { stagedPrice } from './detectors/staged-price/staged-price.ts'
import { unbackedMint } from './detectors/unbacked-mint/unbacked-mint.ts'
import { valuationJump } from './detectors/valuation-jump/valuation-jump.ts'
import { walletSweep } from './detectors/wallet-sweep/wallet-sweep.ts'
import { rules } from './rules/rules.ts'

/** All shipped detectors. A new one is a folder and a line here. */
export const detectors: readonly Detector[] = [
  activity,
  reentrancy,
  readOnlyReentrancy,
  priceManipulation,
  valuationJump,
  shareInflation,
  controlTakeover,
  arbitraryCall,
  governance,
  signature,
  safeSpoof,
  invariants,
  approvalDrain,
  optionAbuse,
  perpAbuse,
  unbackedMint,
  bridgeForgery,
  walletSweep,
  liquidityPull,
  network,
  preparation,
  economics,
  drain,
  slowDrain,
  stagedPrice,
  rules,
  paidIn,
]
