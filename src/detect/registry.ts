import type { Detector } from '../model/detector.ts'
import { activity } from './activity/activity.ts'
import { approvalDrain } from './approval-drain/approval-drain.ts'
import { arbitraryCall } from './arbitrary-call/arbitrary-call.ts'
import { bridgeForgery } from './bridge-forgery/bridge-forgery.ts'
import { controlTakeover } from './control-takeover/control-takeover.ts'
import { drain } from './drain/drain.ts'
import { governance } from './governance/governance.ts'
import { invariants } from './invariants/invariants.ts'
import { liquidityPull } from './liquidity-pull/liquidity-pull.ts'
import { network } from './network/network.ts'
import { optionAbuse } from './option-abuse/option-abuse.ts'
import { paidIn } from './paid-in/paid-in.ts'
import { perpAbuse } from './perp-abuse/perp-abuse.ts'
import { preparation } from './preparation/preparation.ts'
import { priceManipulation } from './price-manipulation/price-manipulation.ts'
import { readOnlyReentrancy } from './read-only-reentrancy/read-only-reentrancy.ts'
import { reentrancy } from './reentrancy/reentrancy.ts'
import { rules } from './rules/rules.ts'
import { safeSpoof } from './safe-spoof/safe-spoof.ts'
import { shareInflation } from './share-inflation/share-inflation.ts'
import { signature } from './signature/signature.ts'
import { slowDrain } from './slow-drain/slow-drain.ts'
import { stagedPrice } from './staged-price/staged-price.ts'
import { unbackedMint } from './unbacked-mint/unbacked-mint.ts'
import { valuationJump } from './valuation-jump/valuation-jump.ts'
import { walletSweep } from './wallet-sweep/wallet-sweep.ts'

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
  drain,
  slowDrain,
  stagedPrice,
  rules,
  paidIn,
]
