import type { Frame, Log } from '../../model/block.ts'
import { entryFrame } from '../../model/block.ts'
import type { ActionFact, AssetAmount } from '../../model/fact.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import { addressFromWord, wordAt, ZERO_ADDRESS } from '../../model/hex.ts'
import { implementationOf } from '../implementation.ts'
import type { ActionPlan, AmountPlan, Place } from './compile.ts'
import { LOG_PLANS } from './families.ts'

/** The result of a transaction's signatures: actions, and the protocols of pools. */
export type Told = {
  actions: ActionFact[]
  pools: Map<Address, string> | null
  /** Actions that count only where the contract paid something out. */
  mustPay: Set<ActionFact> | null
}

/** Words by topic and by position in the data, of a log or of calldata. */
type Words = { topics: readonly Hash[]; data: Hex; skip: number }
type Scene = {
  contract: Address
  frame: number
  frames: readonly Frame[]
  source: 'log' | 'call'
}

const NOTHING: readonly ActionFact[] = []

/** Nearly all transactions have no result: empty collections are not created. */
export const noneTold = (): Told => ({ actions: [], pools: null, mustPay: null })

/** Adds the actions of a log. A log that does not have the shape of its topic is ignored. */
export function readLog(
  log: Log,
  at: { frame: number; frames: readonly Frame[] },
  told: Told,
): readonly ActionFact[] {
  const topic = log.topics[0]
  const plans = topic === undefined ? undefined : LOG_PLANS.get(topic)
  if (plans === undefined) return NOTHING
  const found: ActionFact[] = []
  const words: Words = { topics: log.topics, data: log.data, skip: 2 }
  for (const plan of plans) {
    if (plan.topics !== log.topics.length || !fits(plan, log.data.length - 2)) continue
    if (plan.named !== null && plan.named !== log.topics[1]) continue
    if (plan.action === 'swap') notePool(told, log.address, plan)
    else found.push(...tell(plan, words, { scene: { contract: log.address, source: 'log', ...at }, told }))
  }
  return found
}

/** Adds the actions that a call requests. A forwarding contract’s inner call with equal arguments is the same one. */
export function readCall(
  frame: Frame,
  plans: readonly ActionPlan[],
  { frames, told }: { frames: readonly Frame[]; told: Told },
): readonly ActionFact[] {
  if (frame.type !== 'CALL' || frame.context === null) return NOTHING
  const above = frames[frame.parent]
  if (above?.type === 'CALL' && above.input === frame.input) return NOTHING
  const found: ActionFact[] = []
  const scene: Scene = { contract: frame.context, frame: frame.index, frames, source: 'call' }
  const words: Words = { topics: [], data: frame.input, skip: 10 }
  for (const plan of plans) {
    if (frame.input.length - 10 < plan.words * 64) continue
    if (plan.zeroIsSuccess && frame.output.length === 66 && BigInt(frame.output) !== 0n) continue
    if (plan.action === 'swap') notePool(told, frame.context, plan)
    else found.push(...tell(plan, words, { scene, told }))
  }
  return found
}

function notePool(told: Told, pool: Address, { protocol }: ActionPlan): void {
  told.pools ??= new Map()
  if (protocol !== null) told.pools.set(pool, protocol)
}

function fits(plan: ActionPlan, digits: number): boolean {
  return plan.exact ? digits === plan.words * 64 : digits >= plan.words * 64
}

function tell(
  plan: ActionPlan,
  words: Words,
  { scene, told }: { scene: Scene; told: Told },
): readonly ActionFact[] {
  const fact = actionOf(plan, words, scene)
  if (fact === undefined) return NOTHING
  told.actions.push(fact)
  if (plan.pays) told.mustPay = (told.mustPay ?? new Set()).add(fact)
  return [fact]
}

function actionOf(plan: ActionPlan, words: Words, scene: Scene): ActionFact | undefined {
  if (plan.action === 'swap' || !applies(plan, words)) return undefined
  const contract = plan.contract === null ? scene.contract : addressAt(words, plan.contract)
  const actor = plan.actor === null ? null : addressAt(words, plan.actor)
  const beneficiary = plan.beneficiary === null ? null : addressAt(words, plan.beneficiary)
  const given = amountsOf(plan.given, words, scene)
  const taken = amountsOf(plan.taken, words, scene)
  if (contract === undefined || actor === undefined || beneficiary === undefined) return undefined
  if (given === undefined || taken === undefined) return undefined
  const fact: ActionFact = {
    kind: 'action',
    action: plan.action,
    contract,
    implementation: implementationOf(contract, scene.frame, scene.frames),
    actor: actor ?? entryFrame(contract, scene.frame, scene.frames)?.from ?? null,
    beneficiary,
    given,
    taken,
    protocol: plan.protocol,
    source: scene.source,
    frame: scene.frame,
  }
  return scene.source === 'call' && fact.action === 'flash-loan' && !callsBack(fact, scene) ? undefined : fact
}

/** A loan that was only requested, and in which the receiver never got control, did not happen. */
function callsBack({ contract, beneficiary }: ActionFact, { frame, frames }: Scene): boolean {
  const end = frames[frame]?.end ?? 0
  for (let i = frame + 1; i < end; i++) {
    const inner = frames[i]
    if (inner?.type === 'CALL' && inner.from === contract && inner.to === beneficiary && !inner.reverted)
      return true
  }
  return false
}

function applies({ where }: ActionPlan, words: Words): boolean {
  if (where === null) return true
  const first = wordsOf(where.amount, words)
    ?.map((word) => BigInt.asIntN(256, BigInt(`0x${word}`)))
    .find((value) => value !== 0n)
  return first !== undefined && first > 0n === where.positive
}

function amountsOf(plans: readonly AmountPlan[], words: Words, scene: Scene): AssetAmount[] | undefined {
  const found: AssetAmount[] = []
  for (const plan of plans) {
    const items = wordsOf(plan, words)
    if (items === undefined) return undefined
    const assets = typeof plan.asset === 'number' ? assetsOf(plan, plan.asset, words) : undefined
    if (typeof plan.asset === 'number' && assets?.length !== items.length) return undefined
    for (const [i, item] of items.entries()) {
      const amount = amountOf(plan, item, scene)
      const asset = plan.asset === 'self' ? scene.contract : (assets?.[i] ?? null)
      if (amount > 0n) found.push({ asset, amount })
    }
  }
  return found
}

const EVERYTHING = 2n ** 256n - 1n

/** "My whole balance" is a request without an amount. */
function amountOf({ signed, less }: AmountPlan, word: string, { source }: Scene): bigint {
  const value = BigInt(`0x${word}`)
  if (signed) return less ? -BigInt.asIntN(256, value) : BigInt.asIntN(256, value)
  return source === 'call' && value === EVERYTHING ? 0n : value
}

/** The zero address means the chain's coin in calldata of some families; no rule relies on it. */
function assetsOf(plan: AmountPlan, place: Place, words: Words): Address[] | undefined {
  const named = wordsOf({ ...plan, place }, words)?.map(addressFromWord)
  return named?.every((asset): asset is Address => asset !== undefined && asset !== ZERO_ADDRESS)
    ? named
    : undefined
}

/** An array longer than this is not a pool's list of coins but an attack on Cordon: it is ignored. */
const MOST_ITEMS = 64

/** The words of an amount, or of its assets: one, a fixed row, or an array. */
function wordsOf({ place, items }: AmountPlan, words: Words): string[] | undefined {
  const head = wordOf(words, place)
  if (head === undefined) return undefined
  if (items === 1) return [head]
  let start = place
  let count = items
  if (items === 0) {
    const offset = Number(BigInt(`0x${head}`)) / 32
    const length = Number.isSafeInteger(offset) ? wordOf(words, offset) : undefined
    count = length === undefined ? Number.NaN : Number(BigInt(`0x${length}`))
    start = offset + 1
  }
  if (!(count <= MOST_ITEMS)) return undefined
  const found: string[] = []
  for (let i = 0; i < count; i++) {
    const word = wordOf(words, start + i)
    if (word === undefined) return undefined
    found.push(word)
  }
  return found
}

function wordOf(words: Words, place: Place): string | undefined {
  return place < 0 ? words.topics[-place]?.slice(2) : wordAt(words.data, place, words.skip)
}

function addressAt(words: Words, place: Place): Address | undefined {
  const word = wordOf(words, place)
  return word === undefined ? undefined : addressFromWord(word)
}
