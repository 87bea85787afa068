import type { ApiServer } from '../api/server.ts'
import { startServer } from '../api/server.ts'
import type { ApiSources, EvidenceChain } from '../api/sources.ts'
import { apiToken } from '../api/token.ts'
import { approvalTypedData } from '../contain/approval/approval-data.ts'
import { verifyEvidence } from '../incidents/ledger.ts'
import { getIncident } from '../incidents/move.ts'
import { CordonError } from '../kit/error.ts'
import type { Run } from '../model/playbook.ts'
import { outgoing } from '../reports/outgoing.ts'
import { reportDocument } from '../reports/report.ts'
import { exportIncident } from '../reports/share/export.ts'
import { recordOf } from '../reports/share/record-of.ts'
import { sharedText } from '../reports/share/shared-text.ts'
import { renderReport } from '../reports/share/written-report.ts'
import { recordSources } from '../respond/actions/report.ts'
import { giveApproval, plansOf, planToDecide, termsFor } from '../respond/approvals/desk.ts'
import type { App } from '../respond/context.ts'
import { healthReader } from '../respond/sight/health.ts'
import { listEvidence } from '../store/evidence.ts'
import { listFindings } from '../store/findings.ts'
import { listIncidents } from '../store/incidents.ts'
import { findRun, listRuns } from '../store/runs.ts'
import type { Store } from '../store/store.ts'
import { transaction } from '../store/store.ts'
import { lastTimelinePosition, listTimeline, listTimelineAfter } from '../store/timeline.ts'

export type ServedApi = ApiServer & {
  token: string
  /** True if the operator has set the token. */
  isOwnToken: boolean
}

/**
 * Serves the API of a running app on loopback. The token is `CORDON_API_TOKEN` or a new one.
 * Throws `app.InvalidToken`, `api.PortTaken`, `store.Unreachable`.
 */
export async function serveApi(
  app: App,
  port: number,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ServedApi> {
  const token = apiToken(env['CORDON_API_TOKEN'])
  const server = await startServer({
    sources: { health: healthReader(app), ...sourcesOf(app) },
    token,
    port,
    logger: app.logger,
  })
  return { ...server, token, isOwnToken: Boolean(env['CORDON_API_TOKEN']) }
}

function sourcesOf(app: App): Omit<ApiSources, 'health'> {
  const { store, clock, hub, config } = app
  const context = { store, clock }
  const known = (id: string) => getIncident(context, id)
  return {
    listIncidents: (query) => listIncidents(store, query),
    getIncident: known,
    async timeline(id, after) {
      await known(id)
      return listTimeline(store, id, after)
    },
    evidence: (id) => evidenceOf(app, id),
    async findings(id) {
      await known(id)
      return listFindings(store, id)
    },
    async runs(id) {
      await known(id)
      return listRuns(store, id)
    },
    report: async (id, { format, ...request }) =>
      renderReport(reportDocument(await recordOf(recordSources(app), id), request), format),
    shared: async (id, what, query) =>
      sharedText(what, outgoing(await recordOf(recordSources(app), id), query), {
        reporter: config.reporter,
      }),
    export: (id, query) =>
      exportIncident(
        { ...recordSources(app), dataDir: config.dataDir, reporter: config.reporter },
        id,
        query,
      ),
    run: (id) => getRun(store, id),
    async plans(id) {
      const incident = await known(id)
      const found = await plansOf(app, incident)
      return found.map(({ plan, verdict, isSent }) => ({ plan, verdict, isSent }))
    },
    async approvalOffer(planId, decision) {
      const terms = await termsFor(app, await planToDecide(app, planId), { decision })
      return { terms, typedData: approvalTypedData(terms) }
    },
    giveApproval: (given) => giveApproval(app, given),
    subscribe: hub.listen,
    timelineAfter: (position) => listTimelineAfter(store, position),
    lastPosition: () => lastTimelinePosition(store),
  }
}

/** Links and verdict of one moment: the chain is locked while both are read. */
async function evidenceOf({ store, clock }: App, id: string): Promise<EvidenceChain> {
  return transaction(store, async (tx) => {
    const verdict = await verifyEvidence({ store: tx, clock }, id)
    return { verdict, links: await listEvidence(tx, id) }
  })
}

async function getRun(store: Store, id: string): Promise<Run> {
  const run = await findRun(store, id)
  if (run !== undefined) return run
  throw new CordonError({
    code: 'playbooks.UnknownRun',
    message: 'There is no such run.',
    facts: { runId: id },
    fix: 'List the runs of the incident: /v1/incidents/{id}/runs.',
  })
}
