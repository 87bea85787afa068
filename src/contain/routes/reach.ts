import type { Route } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import type { SafeSignature } from '../../model/safe.ts'
import type { At } from '../reading/call.ts'

/** The means available for pulling levers. */
export type Reach = At & {
  /** Addresses for which a signer is available. */
  signers: readonly Address[]
  /** The signatures that Safe owners gave in advance, on this chain. */
  presigned: readonly SafeSignature[]
}

/** A route for pulling a lever. */
export type FoundRoute = {
  route: Route
  /** Seconds until it can take effect; 0 for the next block. */
  seconds: number
  /** True where everything that it needs is available here. */
  isLive: boolean
  /** Why, for people. */
  text: string
}
