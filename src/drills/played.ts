import type { Signer } from '../contain/signers/signer.ts'
import { messageOf } from '../kit/error.ts'
import type { ContainmentPlan } from '../model/containment.ts'
import type { Incident } from '../model/incident.ts'
import { answers } from '../model/playbook.ts'
import type { Roles } from '../model/role.ts'
import { roleIds, rolesOf } from '../model/role.ts'
import { addressNamed, proofOf, signAnswer } from '../playbooks/answers.ts'
import { giveSignal } from '../playbooks/signal.ts'
import { listIncidents } from '../store/incidents.ts'
import { findPlan, listPlans } from '../store/plans.ts'
import { listTimeline } from '../store/timeline.ts'
import type { DrilledCordon, PlanDesk } from './cordon.ts'
import { createRandom } from './random.ts'

export type PlayOptions = {
  app: DrilledCordon['app']
  desk: PlanDesk
  /** The signers of the played people who have an address. */
  signers: readonly Signer[]
  /** One minute of theirs takes 60 / pace seconds. */
  pace: number
  seed: number
  say: (line: string) => void
}

export type Played = { stop(): Promise<void> }

/** Seconds that real people take, from and to: an answer at the desk, and a signature out of bed. */
const TAKES = { task: [60, 600], approval: [60, 420], signature: [45, 300] } as const

/** Requests that a careful person refuses in a drill: the flaw still exists. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['reopen', 'The cause is not removed: the flaw is still there.'],
  ['back', 'The cause is not removed: the flaw is still there.'],
])

/**
 * Plays the people of the roles: each answers requests after a delay from the seed, and signs the waiting plans. They
 * see what people see (the record) and act as people do (signed answers); they know nothing else of the drill.
 */
export function playPeople(options: PlayOptions): Played {
  const abort = new AbortController()
  const busy = new Set<Promise<void>>()
  const seen = new Set<string>()
  const begin = (key: string, act: () => Promise<void>): void => {
    if (seen.has(key)) return
    seen.add(key)
    const doing = act()
      .catch((thrown) => options.say(`played people: ${key}: ${messageOf(thrown)}`))
      .finally(() => busy.delete(doing))
    busy.add(doing)
  }
  const looking = look({ ...options, signal: abort.signal, begin })
  return {
    async stop() {
      abort.abort()
      await looking.catch(() => undefined)
      await Promise.all(busy)
    },
  }
}

type Playing = PlayOptions & {
  signal: AbortSignal
  begin: (key: string, act: () => Promise<void>) => void
}

const LOOK_MS = 100

async function look(playing: Playing): Promise<void> {
  const { app, signal } = playing
  while (!signal.aborted) {
    try {
      for (const incident of await listIncidents(app.store))
        if (app.chains.has(incident.chainId) && incident.state !== 'closed') await lookAt(playing, incident)
    } catch (thrown) {
      app.logger.warn({ reason: messageOf(thrown) }, 'the played people could not read the record')
    }
    await app.clock.sleep(LOOK_MS, signal)
  }
}

async function lookAt(playing: Playing, incident: Incident): Promise<void> {
  const timeline = await listTimeline(playing.app.store, incident.id)
  for (const entry of timeline) {
    if (entry.kind !== 'question') continue
    const { facts } = entry
    playing.begin(facts.stepId, () => answer(playing, { incident, ...facts }))
  }
  const isProposed = (id: string): boolean =>
    timeline.some(({ kind, facts }) => kind === 'plan' && facts.planId === id && facts.proposed === true)
  for (const plan of await listPlans(playing.app.store, incident.id))
    if (isProposed(plan.id)) playing.begin(plan.id, () => signPlan(playing, { incident, plan }))
}

/** The time that a person takes for a task: the same for the same seed, independent of everything else. */
async function takeTime(
  { app, pace, seed, signal }: Playing,
  what: keyof typeof TAKES,
  key: string,
): Promise<boolean> {
  const [from, to] = TAKES[what]
  const random = createRandom([...key].reduce((sum, sign) => Math.imul(sum, 31) + sign.charCodeAt(0), seed))
  await app.clock.sleep((random.between(from, to) * 1_000) / pace, signal)
  return !signal.aborted
}

type Question = {
  incident: Incident
  runId: string
  stepId: string
  roles: readonly string[]
  quorum?: unknown
}

async function answer(playing: Playing, question: Question): Promise<void> {
  const { app } = playing
  const { runId, stepId: target, incident } = question
  const quorum = typeof question.quorum === 'number' ? question.quorum : undefined
  const people = peopleIn(app.config.roles, question.roles).slice(0, quorum ?? 1)
  if (people.length === 0) return playing.say(`nobody can answer ${target}`)
  for (const author of people) {
    if (!(await takeTime(playing, quorum === undefined ? 'task' : 'approval', `${target}:${author}`))) return
    const refusal =
      REFUSED.get(target.slice(target.lastIndexOf('/') + 1)) ?? (await stillOpen(playing, question))
    const [done, refuse] = answers
    const said = { runId, target, answer: refusal === null ? done : refuse, author, note: refusal ?? '' }
    const hasKey = playing.signers.some(({ address }) => address === addressNamed(app.config.roles, author))
    const signature = hasKey ? await signAnswer(said, app.config.roles, playing.signers) : null
    const proof = await proofOf(said, app.config.roles, signature)
    await giveSignal(app, { ...said, roles: rolesOf(app.config.roles, author), proof, signature })
    playing.say(`${author} (played) says ${said.answer} to ${target} of ${incident.id}`)
    if (refusal !== null) return
  }
}

/** A person who must confirm that a lever is pulled checks the chain first: waits for it, at most a minute. */
async function stillOpen(
  { app, desk, signal }: Playing,
  { incident, stepId }: Question,
): Promise<string | null> {
  if (!/(^|\/)pull-by-hand$/.test(stepId)) return null
  const deadline = app.clock.now() + 60_000
  while (app.clock.now() < deadline && !signal.aborted) {
    const plans = await listPlans(app.store, incident.id)
    const verdicts = await Promise.all(plans.map((plan) => desk.verdictOn(plan, incident)))
    const current = (await listIncidents(app.store)).find(({ id }) => id === incident.id)
    if (current?.state === 'contained') return null
    if (plans.length > 0 && verdicts.every(({ state }) => state === 'refused')) break
    await app.clock.sleep(LOOK_MS, signal)
  }
  return 'It is not paused: I looked at the chain.'
}

async function signPlan(
  playing: Playing,
  { incident, plan }: { incident: Incident; plan: ContainmentPlan },
): Promise<void> {
  const { app, desk, signers } = playing
  const current = (await findPlan(app.store, plan.id)) ?? plan
  const taken = new Set<string>()
  for (const { roles, quorum } of desk.ruleOn(current, incident).require) {
    const able = peopleIn(app.config.roles, roles).filter((name) => {
      const address = addressNamed(app.config.roles, name)
      return !taken.has(name) && signers.some((signer) => signer.address === address)
    })
    for (const name of able.slice(0, quorum)) {
      taken.add(name)
      const signer = signers.find(({ address }) => address === addressNamed(app.config.roles, name))
      if (signer === undefined || !(await takeTime(playing, 'signature', `${plan.id}:${name}`))) return
      await desk.approve(plan.id, signer)
      playing.say(`${name} (played) signs plan ${plan.id}`)
    }
  }
}

function peopleIn(roles: Roles, wanted: readonly string[]): string[] {
  const known = roleIds.filter((role) => wanted.includes(role))
  return [...new Set(known.flatMap((role) => (roles[role] ?? []).map(({ name }) => name)))]
}
