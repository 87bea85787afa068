import { z } from 'zod'
import { givenAddressSchema } from './given-address.ts'

/** What an account is, as far as it matters for stolen funds. At the first four nobody outside can follow them further. */
export const addressKinds = [
  'exchange',
  'bridge',
  'mixer',
  'burn',
  'contract',
  'account',
  'attacker',
  'victim',
] as const
export type AddressKind = (typeof addressKinds)[number]

export const addressLabelSchema = z.object({
  address: givenAddressSchema,
  name: z.string().min(1).max(200),
  kind: z.enum(addressKinds),
  /** Who says so: a file, a list, a person. Shown wherever the name is. */
  source: z.string().min(1).max(400),
  /** Left out: on every chain. */
  chainId: z.number().int().positive().nullable().default(null),
})
/** An AddressLabel: what an account is called and what it is, and who says so. */
export type AddressLabel = z.infer<typeof addressLabelSchema>

/** True where taint that arrives has come to an end: what such an account pays out is its own customers’. */
export function endsFlow(kind: AddressKind): boolean {
  return kind === 'exchange' || kind === 'bridge' || kind === 'mixer' || kind === 'burn'
}
