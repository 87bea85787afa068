import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import {
  type AuthorisationStanding,
  type AuthorisationTerms,
  authorisationHash,
  authorisationTypedData,
  standingOf,
} from '../../contain/approval/authorise.ts'
import { allAuthorisations, authorisationContext, mayAuthorise } from '../../contain/approval/standing.ts'
import { decodedCall } from '../../contain/routes/by-hand.ts'
import { openSigner, sourceOf } from '../../contain/signers/configured.ts'
import { type Signer, type WalletMessage, walletMessage } from '../../contain/signers/signer.ts'
import { systemClock } from '../../kit/clock.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { Logger } from '../../kit/logger.ts'
import type { Env } from '../../kit/secret.ts'
import type { Config } from '../../model/config.ts'
import { namesOf } from '../../model/config.ts'
import { type StandingAuthorisation, standingAuthorisationSchema } from '../../model/containment.ts'
import { type Address, type Hash, type Hex, hashSchema } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { functionNames } from '../../names/function-names.ts'
import { insertAuthorisation, revokeAuthorisation } from '../../store/authorisations.ts'
import { openDatabase } from '../../store/database.ts'
import { installationOf } from '../../store/installation.ts'
import { transaction } from '../../store/store.ts'
import { namedPerson } from '../authorisations/people.ts'
import { openChains, scopeFor } from '../chains.ts'
import type { ChainHandle } from '../context.ts'
import { type Alone, aloneOn } from './alone.ts'
import { leversNow } from './levers-alone.ts'

/** The requested authorisation: the bounds within which Cordon may act alone. */
export type AuthorisationWish = {
  /** Contracts to protect; those of the configuration when empty. */
  targets: readonly Address[]
  /** Names or selectors of functions, among those that are discovered; all of them when empty. */
  functions: readonly string[]
  /** Milliseconds from now. */
  forMs: number
  /** Twice the number of contracts when left out. */
  maxActions?: number | undefined
}

/** An authorisation that is not signed yet. */
export type Draft = {
  hash: Hash
  terms: AuthorisationTerms
  /** In the form that wallets accept: `eth_signTypedData_v4`. */
  typedData: WalletMessage
  words: string[]
}

export type Listed = { authorisation: StandingAuthorisation; standing: AuthorisationStanding; words: string }

/** Standing authorisations: draft, sign, import, revoke; next to a running Cordon or without one. */
export type AuthorisationDesk = {
  installation: string
  draft(wish: AuthorisationWish): Promise<Draft>
  /** Signs with a configured signer that may sign; undefined if none may. Throws `app.NoSuchSigner`. */
  sign(draft: Draft, as: Address | undefined): Promise<StandingAuthorisation | undefined>
  /** Stores a valid authorisation; a running Cordon uses it at once. Throws `app.AuthorisationRefused`. */
  keep(authorisation: StandingAuthorisation): Promise<void>
  list(): Promise<Listed[]>
  alone(): Promise<Alone[]>
  close(): Promise<void>
}

export type AuthorisationDeskOptions = { config: Config; env: Env; logger: Logger }

/** Opens chain and record of a configuration. Throws the errors of the chain and store rooms. */
export async function openAuthorisationDesk(options: AuthorisationDeskOptions): Promise<AuthorisationDesk> {
  const { config, env, logger } = options
  const { store, close } = await openDatabase({ dataDir: config.dataDir, env, logger })
  const clock = systemClock
  const chains = await openChains(config, clock).catch(async (thrown) => {
    await close()
    throw thrown
  })
  const installation = await installationOf(store)
  const standing = (one: StandingAuthorisation): Promise<AuthorisationStanding> => {
    const rpc = chains.get(one.chainId)?.rpc
    if (rpc === undefined)
      return Promise.resolve({
        holds: false,
        hash: authorisationHash(one),
        reason: `chain ${one.chainId} is not in the configuration`,
      })
    return standingOf(one, authorisationContext({ store, clock, config, rpc, installation }))
  }
  const signers = (): Promise<AtHand> => signersAtHand(config, env)
  return {
    installation,
    draft: async (wish) => draftOf(firstOf(chains), { wish, config, installation, atHand: await signers() }),
    async sign({ terms }, as) {
      const signer = whoSigns((await signers()).signers, config, as)
      if (signer === undefined) return undefined
      const signature = await signer.signTypedData(authorisationTypedData(terms))
      return standingAuthorisationSchema.parse({ ...terms, signer: signer.address, signature })
    },
    async keep(authorisation) {
      const stands = await standing(authorisation)
      if (!stands.holds) throw refused(stands)
      await insertAuthorisation(store, { hash: stands.hash, authorisation, givenAt: clock.now() })
    },
    async list() {
      const all = await allAuthorisations(store, config)
      return Promise.all(
        all.map(async (authorisation) => {
          const stands = await standing(authorisation)
          return { authorisation, standing: stands, words: wordsOf(authorisation, stands, config) }
        }),
      )
    },
    async alone() {
      const at = { store, clock, config, installation, names: namesOf(config) }
      const addresses = (await signers()).signers.map(addressOf)
      const found: Alone[] = []
      for (const chain of chains.values())
        for await (const one of aloneOn(chain, { ...at, signers: addresses })) found.push(one)
      return found
    },
    async close() {
      await Promise.all([...chains.values()].map(({ rpc }) => rpc.close()))
      await close()
    },
  }
}

/**
 * Revokes an authorisation permanently; running Cordons obey before their next signature. Needs the record alone: no
 * node and no signer. False if it was revoked before. Throws the errors of the store room.
 */
export async function revokeHere(
  { config, env, logger }: AuthorisationDeskOptions,
  { hash, author }: { hash: Hash; author: string },
): Promise<boolean> {
  const { store, close } = await openDatabase({ dataDir: config.dataDir, env, logger })
  try {
    const revokedAt = systemClock.now()
    return await transaction(store, (tx) => revokeAuthorisation(tx, { hash, author, revokedAt }))
  } finally {
    await close()
  }
}

type AtHand = { signers: Signer[]; missing: string[] }

/** Reports a signer that cannot be opened here; the others still sign. */
async function signersAtHand(config: Config, env: Env): Promise<AtHand> {
  const atHand: AtHand = { signers: [], missing: [] }
  for (const signer of config.signers)
    try {
      atHand.signers.push((await openSigner(signer, env)).signer)
    } catch (thrown) {
      atHand.missing.push(`the signer ${sourceOf(signer)}: ${messageOf(thrown).split('\n')[0]}`)
    }
  return atHand
}

const addressOf = ({ address }: Signer): Address => address

function firstOf(chains: ReadonlyMap<number, ChainHandle>): ChainHandle {
  const [chain] = chains.values()
  if (chain !== undefined) return chain
  throw nothingToAuthorise('no chain was given')
}

type Drafting = {
  wish: AuthorisationWish
  config: Config
  installation: string
  atHand: AtHand
}

/** How long before now an authorisation begins, seconds: clocks of machines differ. */
const BEFORE = 60

async function draftOf(chain: ChainHandle, drafting: Drafting): Promise<Draft> {
  const { wish, config, installation } = drafting
  const scope = scopeFor(config, chain.chainId)
  const targets =
    wish.targets.length > 0 ? wish.targets : scope.kind === 'contracts' ? [...scope.addresses] : []
  const words = drafting.atHand.missing.map((text) => `  NOT at hand: ${text}`)
  const found: Pullable[] = []
  for (const target of targets) found.push(await pullableOn(chain, target, drafting))
  // Several contracts of a protocol may share one lever: it is listed once.
  const byId = new Map(found.flatMap(({ levers }) => levers).map((one) => [one.lever.id, one] as const))
  const levers = [...byId.values()].map(({ lever }) => lever)
  for (const { lever, sender } of byId.values())
    words.push(`  ${decodedCall(lever)} on ${nameOf(config, lever.target)}, sent by ${sender}`)
  words.push(...new Set(found.flatMap(({ left }) => left.map((text) => `  NOT ${text}`))))
  if (levers.length === 0)
    throw nothingToAuthorise(words.map((word) => word.trim()).join('; ') || 'no contract is named')
  const now = Math.floor(systemClock.now() / 1_000)
  const terms = {
    installation,
    chainId: chain.chainId,
    targets: [...new Set(levers.map(({ target }) => target))],
    selectors: [...new Set(levers.map(({ calldata }) => calldata.slice(0, 10) as Hex))],
    maxActions: wish.maxActions ?? targets.length * 2,
    validFrom: now - BEFORE,
    validUntil: now + Math.floor(wish.forMs / 1_000),
  }
  const until = new Date(terms.validUntil * 1_000).toISOString()
  const head = `Cordon may make these calls alone on chain ${terms.chainId}, at most ${terms.maxActions} times in all, until ${until}:`
  const typedData = walletMessage(authorisationTypedData(terms))
  const tail = [
    `for this installation only: ${installation}`,
    'any of the functions on any of the contracts, with any arguments of its levers; nothing else',
  ]
  return { hash: authorisationHash(terms), terms, typedData, words: [head, ...words, ...tail] }
}

type Pullable = { levers: { lever: Lever; sender: Address }[]; left: string[] }

/**
 * The levers that may be pulled alone on a contract: pauses and freezes that a signer here may pull and that can be
 * undone.
 */
async function pullableOn(
  chain: ChainHandle,
  target: Address,
  { wish, config, atHand }: Drafting,
): Promise<Pullable> {
  const pullable: Pullable = { levers: [], left: [] }
  try {
    const signers = atHand.signers.map(addressOf)
    for (const { lever, sender } of await leversNow(chain, target, { config, signers })) {
      const selector = lever.calldata.slice(0, 10)
      const name = lever.signature.replace(/\(.*/, '')
      const { functions } = wish
      if (functions.length > 0 && ![name, lever.signature, selector].some((it) => functions.includes(it)))
        continue
      const why =
        lever.authority?.live !== true || sender === null
          ? 'no signer here may call it'
          : lever.undo === null && lever.maxDurationSeconds === null
            ? 'nothing can undo it'
            : null
      if (why === null && sender !== null) pullable.levers.push({ lever, sender })
      else pullable.left.push(`${decodedCall(lever)} on ${nameOf(config, lever.target)}: ${why}`)
    }
    if (pullable.levers.length + pullable.left.length === 0)
      pullable.left.push(`${nameOf(config, target)}: it has no such pause or freeze known to Cordon`)
  } catch (thrown) {
    pullable.left.push(`${nameOf(config, target)}: ${messageOf(thrown)}`)
  }
  return pullable
}

function nameOf(config: Config, address: Address): string {
  const name = namesOf(config).get(address)
  return name === undefined ? address : `${name} (${address})`
}

/** The named signer, or the only one that may sign; undefined if none of them may. */
function whoSigns(signers: readonly Signer[], config: Config, as: Address | undefined): Signer | undefined {
  const may = mayAuthorise(config)
  const able = signers.filter(({ address }) => (as === undefined ? may.includes(address) : address === as))
  const [only, another] = able
  if (another === undefined && (only !== undefined || as === undefined)) return only
  throw new CordonError({
    code: 'app.NoSuchSigner',
    message:
      another === undefined
        ? 'The configuration has no such signer.'
        : 'Several signers of the configuration may authorise: choose one.',
    facts: { as: as ?? 'not given', known: signers.map(addressOf) },
    fix: 'Name one with --as ADDRESS, or sign in a wallet: --message, then --import.',
  })
}

/** An authorisation in one line, with its current standing. */
function wordsOf(one: StandingAuthorisation, standing: AuthorisationStanding, config: Config): string {
  const until = new Date(one.validUntil * 1_000).toISOString()
  const state = standing.holds
    ? `holds until ${until}, ${standing.left} of ${one.maxActions} actions left`
    : `does NOT hold: ${standing.reason}`
  const calls = one.selectors.map((selector) => functionNames.get(selector) ?? selector)
  const targets = one.targets.map((target) => nameOf(config, target))
  const what = `${calls.join(', ')} on ${targets.join(', ')}, chain ${one.chainId}`
  return `${standing.hash} by ${namedPerson(config, one.signer)} ${state}; ${what}`
}

const importSchema = z.looseObject({ terms: z.looseObject({}).optional() })

/**
 * A signed authorisation from a file: the terms, or an exported draft, with `signer` and `signature` in it or given
 * separately. Throws `app.UnreadableAuthorisation`.
 */
export async function readAuthorisation(
  file: string,
  given: { cwd: string; signer?: Address | undefined; signature?: string | undefined },
): Promise<StandingAuthorisation> {
  try {
    const { terms, ...rest } = importSchema.parse(
      JSON.parse(await readFile(resolve(given.cwd, file), 'utf8')),
    )
    const { signer, signature } = given
    const beside = {
      ...(signer === undefined ? {} : { signer }),
      ...(signature === undefined ? {} : { signature }),
    }
    return standingAuthorisationSchema.parse({ ...rest, ...terms, ...beside })
  } catch (thrown) {
    throw new CordonError({
      code: 'app.UnreadableAuthorisation',
      message: `${file} is not a signed authorisation: ${messageOf(thrown).slice(0, 300)}`,
      facts: { file },
      fix: 'Give the file of `cordon levers authorize --message -o FILE`, with --signer and --signature.',
    })
  }
}

/** The hash of an authorisation, as the command line gives it. Throws `app.InvalidHash`. */
export function authorisationHashOf(text: string): Hash {
  const parsed = hashSchema.safeParse(text.trim())
  if (parsed.success) return parsed.data
  throw new CordonError({
    code: 'app.InvalidHash',
    message: `“${text.slice(0, 80)}” is not the hash of an authorisation.`,
    fix: 'Give the hash as `cordon levers authorize --list` shows it.',
  })
}

function refused(standing: AuthorisationStanding & { holds: false }): CordonError {
  return new CordonError({
    code: 'app.AuthorisationRefused',
    message: `This authorisation is not valid here, and Cordon did not keep it: ${standing.reason}.`,
    facts: { hash: standing.hash, reason: standing.reason },
    fix: 'Sign what `cordon levers authorize` shows in this installation, as a guardian or incident leader of its `roles`.',
  })
}

function nothingToAuthorise(because: string): CordonError {
  return new CordonError({
    code: 'app.NothingToAuthorise',
    message: `Cordon could pull no lever without people: ${because}.`,
    facts: { because },
    fix: 'Name your contracts in protect[], and a signer that may pull their pause in signers[]; `cordon levers discover ADDR` shows who may.',
  })
}
