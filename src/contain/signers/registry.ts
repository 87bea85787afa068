import { type Registered, registeredAs } from '../../model/registration.ts'
import { awsKmsKind, gcpKmsKind } from './cloud.ts'
import { environmentKind } from './environment.ts'
import { keystoreKind } from './keystore.ts'
import { remoteKind } from './remote.ts'
import type { SignerKind } from './signer-kind.ts'

/** Every kind of signer there is. */
export const signerKinds = [
  // a line each
  environmentKind,
  keystoreKind,
  remoteKind,
  awsKmsKind,
  gcpKmsKind,
] as const

/** The kind of a signer of the configuration with its options; undefined where there is no such kind. */
export function signerKindOf(given: Registered): { kind: SignerKind; options: unknown } | undefined {
  return registeredAs<SignerKind>(signerKinds, given)
}
