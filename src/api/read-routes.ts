import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { withoutDetails } from '../model/health.ts'
import type { ReportFormat } from '../model/report.ts'
import { invalidRequest } from './problem.ts'
import {
  evidenceRoute,
  findingsRoute,
  healthRoute,
  incidentRoute,
  listIncidentsRoute,
  reportRoute,
  runRoute,
  runsRoute,
  timelineRoute,
} from './routes.ts'
import type { ReadSources } from './sources.ts'
import { toWire } from './wire.ts'

/** From the connection of a request: absent if a test calls without one. */
export type ApiBindings = { outgoing?: { destroy(): unknown } }
export type Router = OpenAPIHono<{ Bindings: ApiBindings }>

/** A report in HTML has its own style and policy; shown or saved, it is never a page of this origin. */
const REPORT_HEADERS: Readonly<Record<ReportFormat, Record<string, string>>> = {
  markdown: { 'content-type': 'text/markdown; charset=utf-8' },
  html: {
    'content-type': 'text/html; charset=utf-8',
    'content-disposition': 'attachment; filename="report.html"',
  },
  pdf: { 'content-type': 'application/pdf', 'content-disposition': 'attachment; filename="report.pdf"' },
}

/**
 * The routes that answer from the record. `hasToken` returns whether a request has the right token, and throws for a
 * wrong one.
 */
export function readRoutes(sources: ReadSources, hasToken: (c: Context) => boolean) {
  return createRouter()
    .openapi(healthRoute, async (c) => {
      const health = await sources.health()
      const open = hasToken(c) ? health : withoutDetails(health)
      return c.json(toWire(open), health.status === 'ok' ? 200 : 503)
    })
    .openapi(listIncidentsRoute, async (c) => {
      const { state, severity, limit } = c.req.valid('query')
      const incidents = await sources.listIncidents({
        limit,
        ...(state === undefined ? {} : { states: state }),
        ...(severity === undefined ? {} : { minSeverity: severity }),
      })
      return c.json(toWire({ incidents }), 200)
    })
    .openapi(incidentRoute, async (c) =>
      c.json(toWire(await sources.getIncident(c.req.valid('param').id)), 200),
    )
    .openapi(timelineRoute, async (c) => {
      const entries = await sources.timeline(c.req.valid('param').id, c.req.valid('query').after)
      return c.json(toWire({ entries }), 200)
    })
    .openapi(evidenceRoute, async (c) => c.json(toWire(await sources.evidence(c.req.valid('param').id)), 200))
    .openapi(findingsRoute, async (c) => {
      const findings = await sources.findings(c.req.valid('param').id)
      return c.json(toWire({ findings }), 200)
    })
    .openapi(runsRoute, async (c) => {
      const runs = await sources.runs(c.req.valid('param').id)
      return c.json(toWire({ runs }), 200)
    })
    .openapi(reportRoute, async (c) => {
      const query = c.req.valid('query')
      const report = await sources.report(c.req.valid('param').id, query)
      return c.body(new Uint8Array(report), 200, REPORT_HEADERS[query.format])
    })
    .openapi(runRoute, async (c) => c.json(toWire(await sources.run(c.req.valid('param').id)), 200))
}

/** A router whose validators throw `api.InvalidRequest`: they name the field, never its value. */
export function createRouter(): Router {
  return new OpenAPIHono({
    defaultHook(result) {
      if (result.success) return
      const { target } = result
      const fields = result.error.issues.map(({ path, message }) => ({
        in: target,
        field: path.join('.'),
        reason: message,
      }))
      throw invalidRequest(fields)
    },
  })
}
