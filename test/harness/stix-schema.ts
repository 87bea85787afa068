import { z } from 'zod'

/*
 * STIX 2.1 (OASIS Standard, 10 June 2021), written from the specification: for each type in use the properties that are
 * required, and those of ours that are not. Sections are named. The bundles were also checked against the OASIS JSON
 * schemas with the `stix2-validator` of PyPI 3.3.2; no npm package carries these.
 */

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
/** §2.9 identifier */
const idOf = (...types: string[]) => z.string().regex(new RegExp(`^(?:${types.join('|')})--${UUID}$`))
const anyId = idOf('[a-z0-9][a-z0-9-]{1,248}[a-z0-9]')
/** §2.16 timestamp */
const timestamp = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/)
const text = z.string().min(1)
const confidence = z.number().int().min(0).max(100)
/** §7.3.2: `extension_type` names the kind. */
const extensions = (kind: string) =>
  z.record(idOf('extension-definition'), z.looseObject({ extension_type: z.literal(kind) }))

/** §3.2, of domain and relationship objects */
const sdo = {
  spec_version: z.literal('2.1'),
  created: timestamp,
  modified: timestamp,
  created_by_ref: idOf('identity').optional(),
  object_marking_refs: z.array(idOf('marking-definition')).min(1),
}
const object = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), id: idOf(type), ...shape })
const domain = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  object(type, { ...sdo, ...shape })
/** §2.7 */
const reference = z.strictObject({ source_name: text, external_id: text, description: text })

/** §6, §7.3: Cordon's observables, through its extension. */
const sco = {
  spec_version: z.literal('2.1'),
  object_marking_refs: z.array(idOf('marking-definition')).min(1),
  extensions: extensions('new-sco'),
}
const amount = z.string().regex(/^\d+$/)
const asset = z.union([z.literal('native'), z.string().regex(/^eip155:\d+:0x[0-9a-fA-F]{40}$/)])
const chain = z.string().regex(/^eip155:\d+$/)

const objects = [
  // §4.6, §4.1, §4.3, §4.5, §4.7, §4.12, §4.14, §4.15
  domain('identity', {
    name: text,
    description: text.optional(),
    identity_class: z.enum(['organization', 'system']),
    contact_information: text.optional(),
  }),
  domain('attack-pattern', {
    name: text,
    description: text,
    confidence,
    external_references: z.array(reference).min(1).optional(),
  }),
  domain('course-of-action', { name: text, description: text }),
  domain('incident', { name: text, description: text, extensions: extensions('property-extension') }),
  domain('indicator', {
    name: text,
    description: text.optional(),
    indicator_types: z.array(z.literal('malicious-activity')).min(1),
    // §9: one comparison of equality or two, over Cordon's observables.
    pattern: z.string().regex(/^\[[a-z-]+:[a-z_]+ = '[^'\\]+'(?: AND [a-z-]+:[a-z_]+ = '[^'\\]+')?\]$/),
    pattern_type: z.literal('stix'),
    valid_from: timestamp,
    confidence: confidence.optional(),
  }),
  domain('note', { abstract: text, content: text, object_refs: z.array(anyId).min(1) }),
  domain('observed-data', {
    first_observed: timestamp,
    last_observed: timestamp,
    number_observed: z.number().int().min(1).max(999_999_999),
    object_refs: z.array(anyId).min(1),
  }),
  domain('report', {
    name: text,
    report_types: z.array(z.literal('threat-report')),
    published: timestamp,
    object_refs: z.array(anyId).min(1),
  }),
  // §5.1, §5.2
  domain('relationship', {
    relationship_type: z.string().regex(/^[a-z0-9-]+$/),
    source_ref: anyId,
    target_ref: anyId,
  }),
  domain('sighting', {
    first_seen: timestamp,
    last_seen: timestamp,
    count: z.number().int().min(0).max(999_999_999),
    sighting_of_ref: idOf('indicator'),
    observed_data_refs: z.array(idOf('observed-data')).min(1),
    where_sighted_refs: z.array(idOf('identity', 'location')).min(1),
  }),
  // §7.3
  domain('extension-definition', {
    created_by_ref: idOf('identity'),
    name: text,
    description: text,
    schema: text,
    version: z.string().regex(/^\d+\.\d+\.\d+$/),
    extension_types: z.array(z.enum(['new-sco', 'property-extension'])).min(1),
  }),
  // §7.2.1
  object('marking-definition', {
    spec_version: z.literal('2.1'),
    created: timestamp,
    name: z.string().regex(/^TLP:/),
    extensions: extensions('property-extension'),
  }),
  object('blockchain-account', {
    ...sco,
    value: z.string().regex(/^eip155:\d+:0x[0-9a-fA-F]{40}$/),
    name: text.optional(),
  }),
  object('blockchain-transaction', {
    ...sco,
    chain,
    hash: z.string().regex(/^0x[0-9a-f]{64}$/),
    block_number: z.number().int().optional(),
    from_ref: idOf('blockchain-account').optional(),
    to_ref: idOf('blockchain-account').optional(),
  }),
  object('blockchain-transfer', {
    ...sco,
    transaction_ref: idOf('blockchain-transaction'),
    from_ref: idOf('blockchain-account'),
    to_ref: idOf('blockchain-account'),
    asset,
    token_id: amount.optional(),
    amount,
    stolen_haircut: amount,
    stolen_fifo: amount,
    order: z.number().int(),
  }),
] as const

/** §8 */
export const stixBundleSchema = z.strictObject({
  type: z.literal('bundle'),
  id: idOf('bundle'),
  objects: z.array(z.discriminatedUnion('type', objects)).min(1),
})
export type StixBundle = z.infer<typeof stixBundleSchema>

/**
 * Constraints beyond the schema of one object: §2.9 ids are unique, references resolve, §3.2 nothing is older than
 * itself.
 */
export function stixFaults({ objects: all }: StixBundle): string[] {
  const ids = new Set(all.map(({ id }) => id))
  const twice = all.length - ids.size
  const dangling = all.flatMap((one) =>
    refsIn(one)
      .filter((ref) => !ids.has(ref))
      .map((ref) => `${one.id} refers to ${ref}`),
  )
  const extended = all.flatMap((one) =>
    'extensions' in one
      ? Object.keys(one.extensions)
          .filter((id) => !ids.has(id) && !PUBLISHED.includes(id))
          .map((id) => `${one.id} is extended by ${id}, which nobody defines`)
      : [],
  )
  const older = all
    .filter((one) => 'modified' in one && one.modified < one.created)
    .map(({ id }) => `${id} is older than itself`)
  return [...(twice > 0 ? [`${twice} ids are there twice`] : []), ...dangling, ...extended, ...older]
}

/** Extensions of OASIS’s common objects: TLP 2.0 and the incident core. */
const PUBLISHED = [
  'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d',
  'extension-definition--ef765651-680c-498d-9894-99799f2fa126',
]

function refsIn(value: unknown, name = ''): string[] {
  if (typeof value === 'string') return /_refs?$/.test(name) ? [value] : []
  if (Array.isArray(value)) return value.flatMap((item) => refsIn(item, name))
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([inner, item]) => refsIn(item, inner))
}
