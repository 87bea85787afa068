import { getBalance } from '../../chain/methods/get-balance.ts'
import { authorise } from '../../contain/approval/authorise.ts'
import { allAuthorisations, authorisationContext } from '../../contain/approval/standing.ts'
import { notOurs } from '../../contain/planning/plan.ts'
import { senderOf } from '../../contain/routes/route.ts'
import type { Clock } from '../../kit/clock.ts'
import { messageOf } from '../../kit/error.ts'
import type { Config } from '../../model/config.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import { installationOf } from '../../store/installation.ts'
import type { Store } from '../../store/store.ts'
import { namedPerson } from '../authorisations/people.ts'
import type { App, ChainHandle } from '../context.ts'
import { planNow } from './levers-alone.ts'

/** Whether a contract's best lever would be pulled without people, in one line, and why or why not. */
export type Alone = {
  target: Address
  alone: boolean
  text: string
  /** The same next to a list of the authorisations, which shows the signer and the state of each. */
  brief: string
}

export type AloneSources = {
  store: Store
  clock: Clock
  config: Pick<Config, 'roles' | 'authorisations' | 'respond'>
  signers: readonly Address[]
  installation: string | null
  names: ReadonlyMap<Address, string>
}

/** Checks each protected contract of a chain. One that cannot be checked yields the reason. Sends nothing. */
export async function* aloneOn(chain: ChainHandle, sources: AloneSources): AsyncGenerator<Alone> {
  const { scope } = chain.engine
  if (scope.kind !== 'contracts') return
  for (const target of scope.addresses) {
    try {
      yield await aloneFor(chain, await planNow(chain, target, sources), { ...sources, target })
    } catch (thrown) {
      const name = sources.names.get(target) ?? target
      const text = `${name}: Cordon pulls nothing alone (${messageOf(thrown)})`
      yield { target, alone: false, text, brief: text }
    }
  }
}

/** Checks each protected contract that a running Cordon watches. */
export async function* aloneNow(app: App): AsyncGenerator<Alone> {
  const installation = app.kind === 'drill' ? null : await installationOf(app.store)
  for (const chain of app.chains.values())
    yield* aloneOn(chain, { ...app, signers: [...app.signers.keys()], installation })
}

/** Whether the lever of a plan would be pulled without people. */
export async function aloneFor(
  chain: ChainHandle,
  plan: ContainmentPlan,
  sources: AloneSources & { target: Address },
): Promise<Alone> {
  const { target, config, names } = sources
  const { lever } = plan
  const where = lever.target === target ? '' : ` of ${names.get(lever.target) ?? lever.target}`
  const what = `${names.get(target) ?? target}: ${lever.signature}${where}`
  const obstacles = await obstaclesOf(chain, plan, sources)
  const context = authorisationContext({ ...sources, rpc: chain.rpc })
  const authorisations = await allAuthorisations(sources.store, config)
  const verdict = await authorise({ ...context, plan, authorisations })
  if (!verdict.allowed) obstacles.push(...verdict.reasons)
  if (obstacles.length > 0 || !verdict.allowed) {
    const text = `${what}: Cordon proposes it to people and never pulls it alone: ${obstacles.join('; ')}`
    return { target, alone: false, text, brief: text }
  }
  const { by, hash, left, terms } = verdict
  const who = namedPerson(config, by)
  const until = new Date(terms.validUntil * 1_000).toISOString()
  const told = `${what} is pulled alone on hard evidence, sent by ${senderOf(plan)}`
  const signed = hash.slice(0, 10)
  const text = `${told}: ${who} signed ${signed}… for it, until ${until}, ${left} of ${terms.maxActions} actions left`
  return { target, alone: true, text, brief: `${told}, under ${signed}…` }
}

/** The obstacles that remain whatever people signed. */
async function obstaclesOf(
  { rpc }: ChainHandle,
  plan: ContainmentPlan,
  { config, signers }: AloneSources,
): Promise<string[]> {
  const obstacles: string[] = []
  const { lever } = plan
  const sender = senderOf(plan)
  if (!config.respond.enabled) obstacles.push('respond.enabled is false')
  if (!lever.armed) obstacles.push('it is already pulled')
  if (lever.undo === null && lever.maxDurationSeconds === null) obstacles.push('nothing can undo it')
  if (!lever.armed) return obstacles
  if (lever.authority?.live !== true || sender === null || !signers.includes(sender))
    obstacles.push(notOurs(plan))
  else if ((await getBalance(rpc, sender, 'latest')) === 0n)
    obstacles.push(`${sender} has no native coin for gas`)
  return obstacles
}
