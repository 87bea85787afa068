import { ifMalformed } from '../chain/methods/answer.ts'
import { getBlockNumber } from '../chain/methods/get-block-number.ts'
import { getChainId } from '../chain/methods/get-chain-id.ts'
import { getTransaction, type RpcTransaction } from '../chain/methods/get-transaction.ts'
import { createEndpoint, type Endpoint } from '../chain/rpc/endpoint.ts'
import type { Anvil } from '../chain/sandbox/anvil.ts'
import { startAnvil } from '../chain/sandbox/anvil.ts'
import { authorisationTypedData } from '../contain/approval/authorise.ts'
import { openSigner, sourceOf } from '../contain/signers/configured.ts'
import type { Signer } from '../contain/signers/signer.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import type { Env } from '../kit/secret.ts'
import { type Config, chainSchema } from '../model/config.ts'
import type { StandingAuthorisation } from '../model/containment.ts'
import type { DrillPeople } from '../model/drill.ts'
import type { Hash } from '../model/hex.ts'
import { type Roles, rolesSchema } from '../model/role.ts'
import type { DrillConfiguration } from './config.ts'
import { drillOnly } from './drill-only.ts'
import { drillTeam } from './team.ts'

export type ForkOptions = {
  config: Config
  env: Env
  forkUrl: string
  /** A recorded attack transaction of the real chain. */
  replay: Hash | null
  blockSeconds: number
  /** False: nothing that was signed in advance counts. */
  standing: boolean
  people: DrillPeople
}

export type RecordedAttack = RpcTransaction & { blockNumber: number }

/** A copy of a real chain under its own chain id, with the user's configuration moved onto it. */
export type Fork = {
  anvil: Anvil
  chainId: number
  forkOf: number
  forkBlock: number
  attack: RecordedAttack | null
  config: Config
  /** Available keys of the configuration; they sign for this chain only. */
  signers: readonly Signer[]
  notes: readonly string[]
}

/**
 * Each fork is a separate chain: the record of one drill is never mistaken for another's. No real chain has such an id.
 */
function forkChainId(): number {
  return 31_337_000_000_000 + (Math.floor(Date.now() / 100) % 1_000_000_000_000)
}

/**
 * Forks a chain just before the recorded attack (or at its newest block) under another chain id, so that nothing signed
 * here is valid there. Throws `drill.SameChain`, `drill.AttackUnknown`, `chain.AnvilNotStarted`.
 */
export async function openFork(options: ForkOptions): Promise<Fork> {
  const { forkUrl, replay, config } = options
  const real = createEndpoint(forkUrl)
  try {
    const forkOf = await getChainId(real)
    const attack = replay === null ? null : await findRecorded(real, replay)
    const latest = await getBlockNumber(real)
    const forkBlock = attack === null ? latest : attack.blockNumber - 1
    const chainId = forkChainId()
    const mining = { kind: 'interval', seconds: options.blockSeconds } as const
    const anvil = await startAnvil({ mining, chainId, forkUrl, forkBlock })
    try {
      await refuseSame(anvil, [forkOf, ...config.chains.map((chain) => chain.chainId)])
      return {
        anvil,
        chainId,
        forkOf,
        forkBlock,
        attack,
        ...(await moved(options, { anvil, chainId, forkOf, forkBlock })),
      }
    } catch (thrown) {
      await anvil.stop()
      throw thrown
    }
  } finally {
    await real.close()
  }
}

async function findRecorded(real: Endpoint, hash: Hash): Promise<RecordedAttack> {
  const found = await getTransaction(real, hash).catch(ifMalformed(null))
  const blockNumber = found?.blockNumber ?? 0
  if (found !== null && blockNumber > 0) return { ...found, blockNumber }
  throw new CordonError({
    code: 'drill.AttackUnknown',
    message: 'The node does not know this transaction as mined.',
    facts: { transaction: hash },
    fix: 'Give the hash of a mined transaction, and a node that has the state of its block (an archive for old ones).',
  })
}

/** Asks the node itself: a signature made here must not be valid on any real chain. */
async function refuseSame(anvil: Anvil, real: readonly number[]): Promise<void> {
  const node = createEndpoint(anvil.url)
  try {
    const chainId = await getChainId(node)
    if (!real.includes(chainId)) return
    throw new CordonError({
      code: 'drill.SameChain',
      message: 'The fork has the chain id of a real chain: signatures of the drill would be valid there.',
      facts: { chainId, real },
      fix: 'Fork the real node, and repeat the drill: it takes another chain id.',
    })
  } finally {
    await node.close()
  }
}

/**
 * The drill's own contracts in addition to the protected ones, with the people, playbooks and rules of the
 * configuration.
 */
export function sceneOn(fork: Fork, made: DrillConfiguration): DrillConfiguration {
  const { config } = fork
  const [own, drill] = [config.chains[0], made.config.chains[0]]
  return {
    signers: [...fork.signers, ...made.signers],
    config: {
      ...config,
      chains:
        own && drill ? [{ ...own, fromBlock: drill.fromBlock, mempool: drill.mempool }] : made.config.chains,
      protect: [
        ...config.protect,
        ...made.config.protect.map((item) => ({ ...item, chainId: fork.chainId })),
      ],
      roles: {
        ...config.roles,
        guardian: [...(config.roles.guardian ?? []), ...(drillTeam().guardian ?? [])],
      },
      channels: { console: { kind: 'console' }, ...config.channels },
      authorisations: [...config.authorisations, ...made.config.authorisations],
      respond: { ...config.respond, enabled: made.config.respond.enabled },
      tokens: [...(config.tokens ?? []), ...(made.config.tokens ?? [])],
      abis: [...(config.abis ?? []), ...(made.config.abis ?? [])],
      dataDir: made.config.dataDir,
    },
  }
}

type Place = { anvil: Anvil; chainId: number; forkOf: number; forkBlock: number }

async function moved(
  { config, env, standing, people }: ForkOptions,
  { anvil, chainId, forkOf, forkBlock }: Place,
): Promise<Pick<Fork, 'config' | 'signers' | 'notes'>> {
  const { signers, notes } = await signersAtHand(config, { env, chainId })
  const wanted = standing ? config.authorisations.filter((one) => one.chainId === forkOf) : []
  const { authorisations, unsigned } = await signedAgain(wanted, { signers, chainId })
  // history is read from the real node only: on a fork each old block is fetched through it
  const { learn, ...known } =
    config.chains.find((chain) => chain.chainId === forkOf) ??
    chainSchema.omit({ rpcUrls: true }).parse({ chainId })
  const chain = {
    ...known,
    ...{
      chainId,
      name: `drill: fork of ${forkOf}`,
      rpcUrls: [anvil.url],
      fromBlock: forkBlock + 1,
      pollMs: 50,
    },
    // builders of the real chain are not involved in a drill
    relays: [],
  }
  const protect = config.protect
    .filter((item) => item.chainId === undefined || item.chainId === forkOf)
    .map((item) => ({ ...item, chainId }))
  return {
    config: {
      ...config,
      roles: people === 'played' ? playedRoles(config.roles) : config.roles,
      chains: [chain],
      protect,
      authorisations,
      signers: [],
      api: { port: 0 },
    },
    signers,
    notes: [
      ...notes,
      ...unsigned,
      ...(signers.length === 0 ? ['No signer here: Cordon proposes the calls and pulls nothing.'] : []),
    ],
  }
}

/** A scripted answer is never recorded as the answer of a real person. */
function playedRoles(roles: Roles): Roles {
  const renamed = Object.entries(roles).map(([role, people]) => [
    role,
    people.map((person) => ({ ...person, name: `${person.name} (played)` })),
  ])
  return rolesSchema.parse(Object.fromEntries(renamed))
}

/** A missing key is reported, and the drill continues without it. */
async function signersAtHand(
  config: Config,
  { env, chainId }: { env: Env; chainId: number },
): Promise<{ signers: Signer[]; notes: string[] }> {
  const signers: Signer[] = []
  const notes: string[] = []
  for (const signer of config.signers) {
    try {
      signers.push(drillOnly((await openSigner(signer, env)).signer, chainId))
    } catch (thrown) {
      notes.push(`The signer ${sourceOf(signer)} is not available: ${messageOf(thrown).split('\n')[0]}`)
    }
  }
  return { signers, notes }
}

/** The same bounds, signed for the fork by the same key: the authorisation for the real chain does not apply here. */
async function signedAgain(
  wanted: readonly StandingAuthorisation[],
  { signers, chainId }: { signers: readonly Signer[]; chainId: number },
): Promise<{ authorisations: StandingAuthorisation[]; unsigned: string[] }> {
  const authorisations: StandingAuthorisation[] = []
  const unsigned: string[] = []
  for (const { signature: _, signer: by, ...terms } of wanted) {
    const signer = signers.find(({ address }) => address === by)
    if (signer === undefined) {
      unsigned.push(
        `The standing authorisation of ${by} is not valid on the fork: its key is not available to sign it for this chain.`,
      )
      continue
    }
    const here = { ...terms, installation: null, chainId }
    const signature = await signer.signTypedData(authorisationTypedData(here))
    authorisations.push({ ...here, signer: by, signature })
  }
  return { authorisations, unsigned }
}
