import { z } from 'zod'
import type { Category } from './category.ts'

/** The kind of protocol of a protected contract. `other`: no kind was recognised. */
export const protocolKinds = [
  'option',
  'perp',
  'lending',
  'vault',
  'exchange',
  'bridge',
  'stablecoin',
  'token',
  'other',
] as const
export const protocolKindSchema = z.enum(protocolKinds)
export type ProtocolKind = z.infer<typeof protocolKindSchema>

/** The kind that a detector's category implies. It counts where the contract itself shows no kind. */
const impliedBy: Partial<Record<Category, ProtocolKind>> = {
  'option-abuse': 'option',
  settlement: 'option',
  'perp-abuse': 'perp',
  'bridge-forgery': 'bridge',
}

/** The kinds that were attacked: those of the contracts, else the kind that the most likely category implies. */
export function attackedKinds(
  kinds: readonly ProtocolKind[],
  categories: readonly string[],
): readonly ProtocolKind[] {
  const known = kinds.filter((kind) => kind !== 'other')
  if (known.length > 0) return known
  for (const category of categories) {
    const implied = (impliedBy as Readonly<Record<string, ProtocolKind>>)[category]
    if (implied !== undefined) return [implied]
  }
  return ['other']
}
