import { z } from 'zod'
import type { Category } from './category.ts'

/** What a protected contract is in its trade. `other`: nothing of it was recognised. */
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

/** What a detector has recognised that names such a category. It counts where the contract itself shows nothing. */
const impliedBy: Partial<Record<Category, ProtocolKind>> = {
  'option-abuse': 'option',
  settlement: 'option',
  'perp-abuse': 'perp',
  'bridge-forgery': 'bridge',
}

/** What was attacked: what the contracts are, else what the likeliest category that speaks of it says. */
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
