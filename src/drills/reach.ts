import { randomBytes } from 'node:crypto'
import { recoverTypedDataAddress } from 'viem'
import type { Signer } from '../contain/signers/signer.ts'
import type { Clock } from '../kit/clock.ts'
import { durationText } from '../kit/duration.ts'
import { CordonError } from '../kit/error.ts'
import { sha256, toJson } from '../kit/json.ts'
import { printable } from '../kit/text.ts'
import type { Config } from '../model/config.ts'
import type { ReachAnswer, ReachPerson, ReachTest } from '../model/drill.ts'
import type { Hex } from '../model/hex.ts'
import type { Channel } from '../model/notification.ts'
import type { RoleId, Roles } from '../model/role.ts'
import { roleIds } from '../model/role.ts'
import { notifyRoles } from '../notify/deliver.ts'
import { insertReachEntry, insertReachTest, listReachTests } from '../store/drills.ts'
import type { Store } from '../store/store.ts'
import { type DrillHome, writeDrillFile } from './home.ts'
import { type Reach, reachOf } from './read.ts'
import { reachReport } from './report.ts'

export type ReachOptions = {
  home: Pick<DrillHome, 'store' | 'dataDir'>
  config: Pick<Config, 'roles' | 'approvals'>
  channels: ReadonlyMap<string, Channel>
  timeoutMs: number
  clock: Clock
  signal: AbortSignal
  say: (line: string) => void
}

/** Nothing can be decided without these two: an empty one is a result. */
const NEEDED: readonly RoleId[] = ['guardian', 'incident-leader']
const POLL_MS = 250

/**
 * Pages every key holder over each of their channels, each with its own code, and waits until all have answered or the
 * time is over. Stored as it happens: the test before the first page, each page and each answer after it.
 */
export async function testReach(options: ReachOptions): Promise<KeptReach> {
  const { home, clock, signal } = options
  const { test, codes } = makeTest(options)
  await insertReachTest(home.store, test)
  const paging = Promise.all(codes.map((code) => page(options, test, code)))
  paging.catch(() => undefined)
  for (const { person, codes: own } of test.people)
    if (own.length === 0) await noChannel(options, test, person)
  let now = await reachOf(home.store, test)
  while (!signal.aborted && clock.now() < test.endsAt && now.people.some(({ reached }) => !reached)) {
    await clock.sleep(POLL_MS, signal)
    now = await reachOf(home.store, test)
  }
  await paging
  return keepReach(home, await reachOf(home.store, test))
}

type KeptReach = Reach & { file: string; markdown: string }

async function keepReach(home: ReachOptions['home'], reach: Reach): Promise<KeptReach> {
  const { test, people } = reach
  await writeDrillFile(home.dataDir, `${test.id}.json`, `${toJson({ type: 'reach', ...test, people }, 2)}\n`)
  const markdown = reachReport(test, people)
  const file = await writeDrillFile(home.dataDir, `${test.id}.md`, markdown)
  return { ...reach, file, markdown }
}

type Code = { person: ReachPerson; channel: string; code: string }

function makeTest({ config, timeoutMs, clock }: ReachOptions): { test: ReachTest; codes: Code[] } {
  const startedAt = clock.now()
  const day = new Date(startedAt).toISOString().slice(0, 10).replaceAll('-', '')
  const id = `reach-${day}-${randomBytes(4).toString('hex')}`
  const roles = rolesWithKeys(config)
  const codes: Code[] = []
  const people = holders(config.roles, roles).map((holder): ReachPerson => {
    const own = holder.channels.map((channel) => ({ channel, code: newCode() }))
    const hashed = own.map(({ channel, code }) => ({ channel, codeHash: hashOf(id, code) }))
    const person: ReachPerson = { ...holder, codes: hashed }
    codes.push(...own.map((one) => ({ person, ...one })))
    return person
  })
  const emptyRoles = roles.filter((role) => (config.roles[role] ?? []).length === 0)
  return { test: { kind: 'drill', id, startedAt, endsAt: startedAt + timeoutMs, people, emptyRoles }, codes }
}

/** The roles that decide or sign: the two required ones, those of the approval policy, those with an address. */
function rolesWithKeys({ roles, approvals }: ReachOptions['config']): RoleId[] {
  const named = new Set(approvals.flatMap(({ require }) => require.flatMap((one) => one.roles)))
  const signs = (role: RoleId): boolean => (roles[role] ?? []).some(({ address }) => address !== undefined)
  return roleIds.filter((role) => NEEDED.includes(role) || named.has(role) || signs(role))
}

type Holder = Pick<ReachPerson, 'person' | 'roles' | 'address'> & { channels: string[] }

/** Each person once, with any number of roles. */
function holders(roles: Roles, wanted: readonly RoleId[]): Holder[] {
  const found = new Map<string, Holder>()
  for (const role of wanted) {
    for (const { name, channels, address } of roles[role] ?? []) {
      const known = found.get(name) ?? { person: name, roles: [], address: null, channels: [] }
      found.set(name, {
        person: name,
        roles: [...known.roles, role],
        address: known.address ?? address ?? null,
        channels: [...new Set([...known.channels, ...channels])],
      })
    }
  }
  return [...found.values()]
}

/** Without easily confused letters: 50 bits, single use, valid for a few minutes. */
const LETTERS = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'
const CODE_LENGTH = 10

function newCode(): string {
  let code = ''
  while (code.length < CODE_LENGTH) {
    // 248 is the largest multiple of 31 in a byte: values above would make some letters likelier
    const letters = [...randomBytes(CODE_LENGTH)].filter((byte) => byte < 248)
    code += letters.map((byte) => LETTERS[byte % 31]).join('')
  }
  return code.slice(0, CODE_LENGTH)
}

function hashOf(testId: string, code: string): string {
  return sha256(`${testId}:${code}`)
}

async function page(
  { home, channels, clock, timeoutMs, say }: ReachOptions,
  test: ReachTest,
  { person, channel, code }: Code,
): Promise<void> {
  const [role = 'guardian'] = person.roles
  const sign = person.address === null ? '' : ' --sign'
  const [result] = await notifyRoles({
    roles: { [role]: [{ name: person.person, channels: [channel] }] },
    channels: [...channels.values()],
    notification: {
      id: sha256(`${test.id}:${person.person}:${channel}`).slice(0, 32),
      incidentId: null,
      kind: 'drill',
      roles: [role],
      recipients: [],
      severity: 'high',
      title: 'DRILL: can you be reached?',
      body: `There is no attack. Answer within ${durationText(timeoutMs)}: cordon drill answer ${code} --by "${person.person}"${sign}`,
      at: clock.now(),
      facts: { test: test.id },
    },
  })
  const error = result === undefined || result.outcome === 'delivered' ? null : result.error.message
  const entry = { testId: test.id, person: person.person, channel, at: clock.now(), error }
  await insertReachEntry(home.store, { type: 'page', ...entry })
  say(`${person.person} ${error === null ? 'paged' : `NOT paged (${error})`} over ${channel}`)
}

async function noChannel({ home, clock, say }: ReachOptions, test: ReachTest, person: string): Promise<void> {
  const error = `${person} has no channel.`
  const entry = { testId: test.id, person, channel: 'none', at: clock.now(), error }
  await insertReachEntry(home.store, { type: 'page', ...entry })
  say(error)
}

export type ReachWord = { code: string; by: string }

/** The EIP-712 message by which a person proves that their key is available. It authorises nothing. */
export function reachTypedData({ code, by }: ReachWord) {
  return {
    domain: { name: 'Cordon drill', version: '1' },
    types: {
      ReachAnswer: [
        { name: 'kind', type: 'string' },
        { name: 'code', type: 'string' },
        { name: 'by', type: 'string' },
      ],
    },
    primaryType: 'ReachAnswer',
    message: { kind: 'drill', code: plainCode(code), by },
  } as const
}

export type Answering = ReachWord & { signature: Hex | null }

/** Accepts the answer to a page and returns its result. Throws `drill.WrongCode`, `app.WrongSignature`. */
export async function answerReach(
  { store, clock }: { store: Store; clock: Clock },
  { code, by, signature }: Answering,
): Promise<ReachAnswer> {
  for (const test of await listReachTests(store)) {
    const hash = hashOf(test.id, plainCode(code))
    const person = test.people.find(({ codes }) => codes.some(({ codeHash }) => codeHash === hash))
    if (person === undefined) continue
    if (person.person !== by) throw wrongCode()
    const channel = person.codes.find(({ codeHash }) => codeHash === hash)?.channel ?? 'none'
    const proof = await proofIn(person, { code, by, signature })
    const at = clock.now()
    const answer = { testId: test.id, person: by, channel, at, signature, proof, late: at > test.endsAt }
    await insertReachEntry(store, { type: 'answer', ...answer })
    return { type: 'answer', ...answer }
  }
  throw wrongCode()
}

async function proofIn(
  { address }: ReachPerson,
  { signature, ...word }: Answering,
): Promise<ReachAnswer['proof']> {
  if (signature === null) return address === null ? 'named' : 'missing'
  const by = await recoverTypedDataAddress({ ...reachTypedData(word), signature }).catch(() => undefined)
  if (address !== null && by?.toLowerCase() === address) return 'signed'
  throw new CordonError({
    code: 'app.WrongSignature',
    message: `This signature is not ${printable(word.by, 60)}’s over this answer.`,
    facts: { expected: address ?? 'no address in roles', signedBy: by?.toLowerCase() ?? 'nobody' },
    fix: 'Sign exactly the message that --show prints, with your address in roles.',
  })
}

/** Signs with the signer of this person. Throws `app.NoSuchSigner`. */
export async function signReach(word: ReachWord, roles: Roles, signers: readonly Signer[]): Promise<Hex> {
  const address = Object.values(roles)
    .flat()
    .find(({ name }) => name === word.by)?.address
  const signer = signers.find((known) => known.address === address)
  if (signer !== undefined) return signer.signTypedData(reachTypedData(word))
  throw new CordonError({
    code: 'app.NoSuchSigner',
    message: `The configuration has no signer for ${printable(word.by, 60)}.`,
    facts: { address: address ?? 'none in roles', known: signers.map((known) => known.address) },
    fix: 'Sign the message that --show prints in a wallet, and give the signature with --signature.',
  })
}

/** Normalises typed input: case, spaces and dashes do not matter. */
function plainCode(code: string): string {
  return code.toUpperCase().replace(/[^0-9A-Z]/g, '')
}

function wrongCode(): CordonError {
  return new CordonError({
    code: 'drill.WrongCode',
    message: 'No page to this person had this code.',
    fix: 'Copy the code and the name (--by) exactly from the page.',
  })
}
