import { createRoute, z } from '@hono/zod-openapi'
import {
  approvalDecisions,
  approvalSchema,
  approvalTermsSchema,
  approvalVerdictSchema,
} from '../model/approval.ts'
import { containmentPlanSchema } from '../model/containment.ts'
import { createRouter } from './read-routes.ts'
import { json, nothing, params, refused, security } from './routes.ts'
import type { ApprovalSources } from './sources.ts'
import { toWire, wireSchema } from './wire.ts'

const plan = wireSchema(containmentPlanSchema, 'ContainmentPlan')
const verdict = wireSchema(approvalVerdictSchema, 'ApprovalVerdict')
const terms = wireSchema(approvalTermsSchema, 'ApprovalTerms')
const signed = approvalSchema.omit({ givenAt: true, planId: true }).openapi('SignedApproval')

const plansRoute = createRoute({
  method: 'get',
  path: '/v1/incidents/{id}/plans',
  summary: 'Containment plans, with what people have signed about each',
  security,
  request: { params, query: nothing },
  responses: {
    200: json(z.object({ plans: z.array(z.object({ plan, verdict, isSent: z.boolean() })) }), 'Plans'),
    ...refused,
  },
})

const offerRoute = createRoute({
  method: 'get',
  path: '/v1/plans/{id}/approval',
  summary: 'What a person signs about a plan: the terms, and the EIP-712 message for a wallet',
  security,
  request: {
    params,
    query: z.strictObject({
      decision: z
        .enum(approvalDecisions)
        .default('approve')
        .openapi({ type: 'string', enum: [...approvalDecisions], default: 'approve' }),
    }),
  },
  responses: { 200: json(z.object({ terms, typedData: z.unknown() }), 'Terms and message'), ...refused },
})

const giveRoute = createRoute({
  method: 'post',
  path: '/v1/plans/{id}/approvals',
  summary: 'A signed approval, refusal or withdrawal; kept whatever it is worth, and judged',
  security,
  request: {
    params,
    query: nothing,
    body: { required: true, content: { 'application/json': { schema: signed } } },
  },
  responses: {
    200: json(z.object({ verdict, notCounted: z.string().nullable() }), 'What it came to'),
    ...refused,
  },
})

/** The routes by which people decide. The signature is the authority; the token only grants access. */
export function approvalRoutes(sources: ApprovalSources) {
  return createRouter()
    .openapi(plansRoute, async (c) => {
      const plans = await sources.plans(c.req.valid('param').id)
      return c.json(toWire({ plans }), 200)
    })
    .openapi(offerRoute, async (c) => {
      const { decision } = c.req.valid('query')
      return c.json(toWire(await sources.approvalOffer(c.req.valid('param').id, decision)), 200)
    })
    .openapi(giveRoute, async (c) => {
      const given = { ...c.req.valid('json'), planId: c.req.valid('param').id }
      return c.json(toWire(await sources.giveApproval(given)), 200)
    })
}
