import type { Route } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import type { SafeSignature } from '../../model/safe.ts'
import type { At } from '../call.ts'

/** What is at hand for pulling levers. */
export type Reach = At & {
  /** Addresses for which a signer is at hand. */
  signers: readonly Address[]
  /** What Safe owners signed beforehand, on this chain. */
  presigned: readonly SafeSignature[]
}

/** A way to pull a lever. */
export type FoundRoute = {
  route: Route
  /** Seconds until it can take effect; 0 for the next block. */
  seconds: number
  /** True where all that it needs is here. */
  isLive: boolean
  /** Why, for people. */
  text: string
}
