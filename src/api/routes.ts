import { createRoute, z } from '@hono/zod-openapi'
import { chainVerdictSchema, evidenceSchema } from '../model/evidence.ts'
import { findingSchema, severities } from '../model/finding.ts'
import { healthSchema } from '../model/health.ts'
import { incidentSchema, incidentStates } from '../model/incident.ts'
import { liveLineSchema } from '../model/line.ts'
import { runSchema } from '../model/playbook.ts'
import { problemSchema } from '../model/problem.ts'
import { reportQuerySchema } from '../model/report.ts'
import { timelineEntrySchema } from '../model/timeline.ts'
import { wireSchema } from './wire.ts'

const incident = wireSchema(incidentSchema, 'Incident')
const timelineEntry = wireSchema(timelineEntrySchema, 'TimelineEntry')
const evidence = wireSchema(evidenceSchema, 'Evidence')
const verdict = wireSchema(chainVerdictSchema, 'ChainVerdict')
const finding = wireSchema(findingSchema, 'Finding')
const run = wireSchema(runSchema, 'Run')
const health = wireSchema(healthSchema, 'Health')
const problem = wireSchema(problemSchema, 'Problem')

const LONGEST_LIST = 500

const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, 'expected an id: letters, digits, dots, dashes')
export const params = z.object({ id })

/** Digits only: no sign, no exponent, no hex. */
const wholeNumber = z.string().regex(/^\d{1,9}$/, 'expected a whole number')

const stateList = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(incidentStates)).max(incidentStates.length))
  .optional()
  .openapi({ type: 'string', description: `Any of ${incidentStates.join(', ')}; several with commas` })
const limit = wholeNumber
  .transform(Number)
  .pipe(z.number().min(1).max(LONGEST_LIST))
  .default(100)
  .openapi({ type: 'integer', minimum: 1, maximum: LONGEST_LIST, default: 100 })
const after = wholeNumber
  .transform(Number)
  .default(0)
  .openapi({ type: 'integer', minimum: 0, default: 0, description: 'Only entries with a greater sequence' })

export const security = [{ bearer: [] }]
export const nothing = z.strictObject({})
export const json = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})
export const refused = {
  default: { description: 'What went wrong', content: { 'application/problem+json': { schema: problem } } },
}

export const healthRoute = createRoute({
  method: 'get',
  path: '/health',
  summary: 'Whether Cordon sees what it should see; needs no token',
  description: 'With the token, reasons have details: names of nodes and detectors, and what failed.',
  responses: { 200: json(health, 'All is well'), 503: json(health, 'Degraded or blind'), ...refused },
})

export const listIncidentsRoute = createRoute({
  method: 'get',
  path: '/v1/incidents',
  summary: 'Incidents, newest first',
  security,
  request: {
    query: z.strictObject({
      state: stateList,
      severity: z
        .enum(severities)
        .optional()
        .openapi({ type: 'string', enum: [...severities], description: 'At least this' }),
      limit,
    }),
  },
  responses: { 200: json(z.object({ incidents: z.array(incident) }), 'Incidents'), ...refused },
})

export const incidentRoute = createRoute({
  method: 'get',
  path: '/v1/incidents/{id}',
  summary: 'One incident',
  security,
  request: { params, query: nothing },
  responses: { 200: json(incident, 'The incident'), ...refused },
})

export const timelineRoute = createRoute({
  method: 'get',
  path: '/v1/incidents/{id}/timeline',
  summary: 'What happened and was done, in order',
  security,
  request: { params, query: z.strictObject({ after }) },
  responses: { 200: json(z.object({ entries: z.array(timelineEntry) }), 'Timeline entries'), ...refused },
})

export const evidenceRoute = createRoute({
  method: 'get',
  path: '/v1/incidents/{id}/evidence',
  summary: 'The evidence chain, and whether it holds',
  security,
  request: { params, query: nothing },
  responses: { 200: json(z.object({ links: z.array(evidence), verdict }), 'Links and verdict'), ...refused },
})

export const findingsRoute = createRoute({
  method: 'get',
  path: '/v1/incidents/{id}/findings',
  summary: 'What the detectors said',
  security,
  request: { params, query: nothing },
  responses: { 200: json(z.object({ findings: z.array(finding) }), 'Findings'), ...refused },
})

export const runsRoute = createRoute({
  method: 'get',
  path: '/v1/incidents/{id}/runs',
  summary: 'Playbook runs, oldest first',
  security,
  request: { params, query: nothing },
  responses: { 200: json(z.object({ runs: z.array(run) }), 'Runs'), ...refused },
})

export const reportRoute = createRoute({
  method: 'get',
  path: '/v1/incidents/{id}/report',
  summary: 'The incident report or the postmortem for an audience, made now',
  security,
  request: { params, query: reportQuerySchema },
  responses: {
    200: {
      description: 'The report',
      content: {
        'text/markdown': { schema: z.string() },
        'text/html': { schema: z.string() },
        'application/pdf': { schema: z.string().openapi({ format: 'binary' }) },
      },
    },
    ...refused,
  },
})

export const runRoute = createRoute({
  method: 'get',
  path: '/v1/runs/{id}',
  summary: 'One playbook run with its steps',
  security,
  request: { params, query: nothing },
  responses: { 200: json(run, 'The run'), ...refused },
})

/** Types of the streamed lines; timeline entries are a separate union. */
const LIVE_TYPES = liveLineSchema.options.map((option) =>
  option instanceof z.ZodObject ? option.shape.type.value : 'timeline',
)

export const streamRoute = createRoute({
  method: 'get',
  path: '/v1/stream',
  summary: 'What goes on, as server-sent events',
  description: `Events are named for the type of their data: ${LIVE_TYPES.join(', ')}; also ready (first), dropped (this client was too slow) and stopping (last). Timeline events have ids: with Last-Event-ID the stream goes on from there, without loss or doubles. The others are told live only, by the process that saw them.`,
  security: [{ bearer: [] }, { queryToken: [] }],
  request: {
    query: z.strictObject({
      token: z
        .string()
        .optional()
        .openapi({ description: 'For EventSource, which cannot send Authorization; only here' }),
    }),
    headers: z.object({
      'last-event-id': z
        .string()
        .optional()
        .openapi({ description: 'The id of the last event that was read; 0 for the whole record' }),
    }),
  },
  responses: {
    200: {
      description: 'The stream',
      content: { 'text/event-stream': { schema: wireSchema(liveLineSchema, 'LiveLine') } },
    },
    ...refused,
  },
})
