import { z } from 'zod'
import { givenAddressSchema } from './given-address.ts'

/** The type of an account, as far as it matters for stolen funds. Outsiders cannot follow funds past the first four. */
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
  /** The source of the label: a file, a list or a person. Shown wherever the name is shown. */
  source: z.string().min(1).max(400),
  /** Absent: on every chain. */
  chainId: z.number().int().positive().nullable().default(null),
})
/** An AddressLabel: the name of an account, its type, and the source of both. */
export type AddressLabel = z.infer<typeof addressLabelSchema>

/** True where taint ends on arrival: such an account pays out the money of its own customers. */
export function endsFlow(kind: AddressKind): boolean {
  return kind === 'exchange' || kind === 'bridge' || kind === 'mixer' || kind === 'burn'
}
