import { z } from 'zod'
import { alertSchema } from './alert.ts'
import { noticeCodes } from './block.ts'
import { findingSchema } from './finding.ts'
import { healthSchema } from './health.ts'
import { addressSchema, amountSchema, hashSchema } from './hex.ts'
import { incidentSchema } from './incident.ts'
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts'
import { timelineEntryWith } from './timeline.ts'

/**
 * A line is one JSON object that Cordon prints (NDJSON of `replay` and `watch`) or streams (SSE); `type` says which.
 * Amounts are decimal strings there: docs/schemas/lines.schema.json is made from these schemas.
 */
const chainId = z.number().int()
const count = z.number().int().min(0)

/** A notice about a chain's source for people. */
const noticeLineSchema = z.object({
  type: z.literal('notice'),
  chainId,
  code: z.enum(noticeCodes),
  message: z.string(),
  facts: z.record(z.string(), z.unknown()),
})

/** A detector cannot see on this chain. */
const blindLineSchema = z.object({
  type: z.literal('blind'),
  chainId,
  detector: z.string(),
  missing: z.string(),
})

/** `removed` blocks after block `ancestor` were replaced. */
const reorgLineSchema = z.object({
  type: z.literal('reorg'),
  chainId,
  ancestor: z.number().int(),
  removed: count,
})

/** The health of Cordon itself has changed. */
const healthLineSchema = healthSchema
  .pick({ status: true, reasons: true })
  .extend({ type: z.literal('health') })

/** A block was processed. */
const blockLineSchema = z.object({
  type: z.literal('block'),
  chainId,
  blockNumber: z.number().int(),
  transactions: count,
  /** The time that detection took. */
  milliseconds: z.number(),
})

/** The last line of a replay or a watch. */
const summarySchema = z.object({
  type: z.literal('summary'),
  blocks: count,
  transactions: count,
  frames: count,
  findings: count,
  alerts: count,
  incidents: count,
  /** Detectors that could not see, in how many blocks, and how many of the transactions there. */
  blind: z.array(
    z.object({
      detector: z.string(),
      missing: z.enum(['traces', 'logs']),
      blocks: count,
      transactions: count,
    }),
  ),
  seconds: z.number(),
  transactionsPerSecond: z.number(),
})
export type Summary = z.infer<typeof summarySchema>

/** The failure, on stderr; only a known error has facts, fix and docsPath. */
const errorLineSchema = z.object({
  type: z.literal('error'),
  code: z.string(),
  message: z.string(),
  facts: z.record(z.string(), z.unknown()).optional(),
  fix: z.string().optional(),
  docsPath: z.string().optional(),
})

const timelineLineSchema = timelineEntryWith({ type: z.literal('timeline') })

/** The lines of `replay` and `watch`. */
export const lineSchema = z.discriminatedUnion('type', [
  findingSchema,
  alertSchema,
  incidentSchema,
  summarySchema,
  noticeLineSchema,
  blindLineSchema,
  reorgLineSchema,
  errorLineSchema,
])

/** The events in a running Cordon. */
export const liveLineSchema = z.discriminatedUnion('type', [
  blockLineSchema,
  findingSchema,
  alertSchema,
  incidentSchema,
  timelineLineSchema,
  reorgLineSchema,
  noticeLineSchema,
  blindLineSchema,
  healthLineSchema,
])
export type LiveLine = z.infer<typeof liveLineSchema>

/** docs/schemas/lines.schema.json. */
export function linesJsonSchema(): JsonSchema {
  const names = z.registry<{ id: string }>()
  names
    .add(amountSchema, { id: 'Amount' })
    .add(addressSchema, { id: 'Address' })
    .add(hashSchema, { id: 'Hash' })
  names.add(findingSchema, { id: 'Finding' }).add(alertSchema, { id: 'Alert' })
  names.add(incidentSchema, { id: 'Incident' }).add(summarySchema, { id: 'Summary' })
  names.add(noticeLineSchema, { id: 'Notice' }).add(blindLineSchema, { id: 'Blind' })
  names.add(reorgLineSchema, { id: 'Reorg' }).add(errorLineSchema, { id: 'Error' })
  const { $schema, ...rest } = jsonSchemaOf(lineSchema, names)
  return { ...($schema === undefined ? {} : { $schema }), title: 'A line that Cordon prints', ...rest }
}
