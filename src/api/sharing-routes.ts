import { createRoute, z } from '@hono/zod-openapi'
import { handingQuery } from '../model/report.ts'
import { methodNotAllowed } from './problem.ts'
import { createRouter } from './read-routes.ts'
import { params, refused, security } from './routes.ts'
import type { SharingSources } from './sources.ts'
import { toWire } from './wire.ts'

const bundle = z.object({
  type: z.literal('bundle'),
  id: z.string(),
  objects: z.array(z.record(z.string(), z.unknown())),
})
const binary = z.string().openapi({ format: 'binary' })
/** Without an audience, the recipient counts as outside the team. */
const toOthers = handingQuery('partner')

const stixRoute = createRoute({
  method: 'get',
  path: '/v1/incidents/{id}/stix',
  summary: 'The incident as a STIX 2.1 bundle for an audience',
  security,
  request: { params, query: toOthers },
  responses: {
    200: { description: 'The bundle', content: { 'application/stix+json': { schema: bundle } } },
    ...refused,
  },
})

const addressesRoute = createRoute({
  method: 'get',
  path: '/v1/incidents/{id}/addresses.csv',
  summary: 'The accounts of the attack as CSV for an audience',
  security,
  request: { params, query: toOthers },
  responses: {
    200: { description: 'The accounts', content: { 'text/csv': { schema: z.string() } } },
    ...refused,
  },
})

const exportRoute = createRoute({
  method: 'get',
  path: '/v1/incidents/{id}/export',
  summary: 'All that is on record as an archive (tar.gz) that checks itself offline',
  description:
    'The ledger says afterwards that it was given out, with its SHA-256. The header cordon-evidence-head is what verify.mjs is given as --head.',
  security,
  request: { params, query: handingQuery('team') },
  responses: {
    200: { description: 'The archive', content: { 'application/gzip': { schema: binary } } },
    ...refused,
  },
})

/** The routes that share data with others. */
export function sharingRoutes(sources: SharingSources) {
  return createRouter()
    .openapi(stixRoute, async (c) => {
      const text = await sources.shared(c.req.valid('param').id, 'stix', c.req.valid('query'))
      return c.json(toWire(bundle.parse(JSON.parse(text))), 200, {
        'content-type': 'application/stix+json;version=2.1',
        'content-disposition': 'attachment; filename="incident.stix.json"',
      })
    })
    .openapi(addressesRoute, async (c) => {
      const text = await sources.shared(c.req.valid('param').id, 'addresses', c.req.valid('query'))
      return c.body(text, 200, {
        'content-type': 'text/csv; charset=utf-8; header=present',
        'content-disposition': 'attachment; filename="addresses.csv"',
      })
    })
    .openapi(exportRoute, async (c) => {
      // Hono answers HEAD by GET: nothing would be exported, but the ledger would record an export.
      if (c.req.method === 'HEAD') throw methodNotAllowed('GET')
      const { bytes, name, head } = await sources.export(c.req.valid('param').id, c.req.valid('query'))
      return c.body(new Uint8Array(bytes), 200, {
        'content-type': 'application/gzip',
        'content-disposition': `attachment; filename="${name}"`,
        'cordon-evidence-head': head,
      })
    })
}
