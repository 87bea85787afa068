import { required } from '../../chain/methods/answer.ts'
import { getRawTransaction } from '../../chain/methods/get-transaction.ts'
import { headTime } from '../../chain/rpc/head.ts'
import { bundleOnLatest } from '../../chain/rpc/pending.ts'
import { type Attack, findAttack, reviveAttack } from '../../contain/trials/attack.ts'
import { evaluatePending } from '../../detect/engine/engine.ts'
import { blockFacts } from '../../facts/facts.ts'
import { alertsOf } from '../../incidents/alerts.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import { toJson } from '../../kit/json.ts'
import type { Lateness } from '../../model/alert.ts'
import { atLeast } from '../../model/finding.ts'
import type { Hash } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import { latenessBehind } from './lateness.ts'
import { recordStep } from './record-step.ts'
import type { Work } from './work.ts'

/** Maximum number of transactions of an incident that are tried again, newest first. */
const MOST_TRIED = 5

type Looking = Pick<Work, 'app' | 'chain' | 'context' | 'incident'>

/**
 * The attack to contain, as {@link findAttack} returns it. An old attack is tried again on the latest block: one that
 * still works is the attack, on that block; if none does, the attack is `stale` with the reason. Records what was
 * tried.
 */
export async function findFreshAttack(looking: Looking): Promise<string> {
  const { chain, incident } = looking
  const json = await findAttack(chain.rpc, incident)
  const attack = reviveAttack(json)
  const isMined = attack.hash !== null && attack.outbid === null
  if (!isMined) return json
  const [mined, latest] = await Promise.all([
    headTime(chain.rpc, attack.pinnedBlock + 1),
    headTime(chain.rpc),
  ])
  const late = latenessBehind(mined, latest, chain.config.late)
  return late === null ? json : tryAgain(looking, { late, latest: latest.number })
}

type Old = { late: Lateness; latest: number }

async function tryAgain(looking: Looking, { late, latest }: Old): Promise<string> {
  const { app, chain, context, incident } = looking
  const failures: string[] = []
  for (const hash of incident.transactions.toReversed().slice(0, MOST_TRIED)) {
    const again = reviveAttack(await findAttack(chain.rpc, { ...incident, transactions: [hash] }))
    if (again.call === null) continue
    const failure = await failureNow(looking, { hash, attack: again, latest })
    if (failure === null) {
      const message = `${ageText(late)} Tried again on block ${latest}: ${hash} still works.`
      await recordStep(app, context, {
        kind: 'simulation',
        message,
        evidence: { kind: 'fresh-look', body: { hash, latest, late, works: true } },
      })
      return toJson({ ...again, pinnedBlock: latest } satisfies Attack)
    }
    failures.push(`${hash} ${failure}`)
  }
  const message = `${ageText(late)} Tried again on block ${latest}: ${failures.join('; ') || 'the node knows none of its transactions'}.`
  await recordStep(app, context, {
    kind: 'simulation',
    message,
    evidence: { kind: 'fresh-look', body: { latest, late, works: false, failures } },
  })
  const stale = `the attack is ${late.blocks} blocks old and does not work on block ${latest}`
  const attack = reviveAttack(await findAttack(chain.rpc, incident))
  return toJson({ ...attack, pinnedBlock: latest, stale } satisfies Attack)
}

function ageText({ blocks, seconds }: Lateness): string {
  return `The attack is ${blocks} blocks${seconds === null ? '' : ` and ${seconds} s`} old.`
}

type Trial = { hash: Hash; attack: Attack; latest: number }

/** The reason why an attack does not work on the latest block, as the end of a sentence about it; null if it works. */
async function failureNow(looking: Looking, { hash, attack, latest }: Trial): Promise<string | null> {
  const { chain } = looking
  if (attack.call === null) return 'is not known to the node'
  const [result] = await chain.sequencer.run(latest, [attack.call])
  if (result?.succeeded !== true) return 'fails'
  return chain.capabilities.traceCall ? harmlessNow(looking, hash) : null
}

/** A transaction that goes through may be harmless: it is judged like a pending one. */
async function harmlessNow({ app, chain, incident }: Looking, hash: Hash): Promise<string | null> {
  const { rpc, capabilities, engine } = chain
  try {
    const transaction = required(await getRawTransaction(rpc, hash), 'transaction')
    const bundle = await bundleOnLatest(transaction, { rpc, capabilities })
    const alerts = alertsOf(evaluatePending(engine, blockFacts(bundle)))
    const isHarm = alerts.some(
      (alert) => isAbout(alert, incident) && atLeast(alert.severity, app.config.respond.minSeverity),
    )
    return isHarm ? null : 'goes through and harms nothing that is protected'
  } catch (thrown) {
    if (thrown instanceof CordonError && thrown.retryable) throw thrown
    return `cannot be traced there (${messageOf(thrown)})`
  }
}

function isAbout(alert: Pick<Incident, 'protected'>, incident: Incident): boolean {
  return alert.protected.some((address) => incident.protected.includes(address))
}
