import { type Resolved, resolveAuthority } from '../../src/contain/authority/authority.ts'
import { authorityDetail } from '../../src/contain/authority/authority-detail.ts'
import { namedBy } from '../../src/contain/authority/named.ts'
import { discoverLevers } from '../../src/contain/planning/discover.ts'
import { probeForLevers } from '../../src/contain/planning/probing.ts'
import { type Related, relatedContracts } from '../../src/contain/planning/protocol.ts'
import { isGated, leversOfProtocol } from '../../src/contain/planning/protocol-levers.ts'
import { type Code, resolveCode } from '../../src/contain/reading/code.ts'
import { type Sequencer, simulateV1Sequencer } from '../../src/contain/trials/sequence.ts'
import { type Operation, probeLever, tryLever } from '../../src/contain/trials/simulate.ts'
import { type Reproduced, reproduce } from '../../src/contain/trials/trial.ts'
import type { Simulation } from '../../src/model/containment.ts'
import { type Address, type Hex, selectorOf } from '../../src/model/hex.ts'
import type { Lever } from '../../src/model/lever.ts'
import { functionNames } from '../../src/names/function-names.ts'
import { rememberCallees } from '../../src/respond/memory/callees.ts'
import { takeAuthority } from '../../test/harness/authority-key.ts'
import { attackFile, attackLabels, bundlesOf } from '../../test/harness/corpus.ts'
import { putUpAttack, type RealAttack } from '../../test/harness/real-attack.ts'
import { openStateFork, type StateFork } from '../../test/harness/state-fork.ts'
import { losersOf } from './losers.ts'
import { type Missed, missedOn } from './missed.ts'

/** In the place of an owner whose slot is not recorded, so that the lever can be tried at all. */
const TEST_KEY: Address = '0xc0de00000000000000000000000000000000c0de'
const MOST_LEVERS = 80
const MOST_OPERATIONS = 12

export type LeverRow = {
  lever: Lever
  /** On the attacked contract itself, on another of the protocol, or found by probing. */
  where: 'own' | 'related' | 'probed'
  /** The accounts that may pull it on the recorded state, in words. */
  who: string
  /** True where the owner's slot was overwritten with a test key to try it. */
  isTestKey: boolean
  attack: Simulation['attack']
  /** Functions of the attacked contracts that were called in the attack: what happens to each. */
  effects: Record<string, string>
}

export type CensusOf = {
  name: string
  protectedContracts: Address[]
  isReplayed: boolean
  related: number
  rows: LeverRow[]
  missed: Missed[]
  contracts: number
}

type Scene = {
  fork: StateFork
  sequencer: Sequencer
  attack: RealAttack
  codes: ReadonlyMap<Address, Code>
  guarded: Address[]
  operations: readonly Operation[]
  reproduced: Reproduced | null
  isReplayed: boolean
}

/** Every lever of one recorded protocol, who may pull it, and what it does to the recorded attack. */
export async function censusOf(name: string): Promise<CensusOf> {
  const fork = await openStateFork(name)
  try {
    const scene = await sceneOf(fork)
    const related = await relatedOf(scene)
    const levers = await leversOf(scene, related)
    // all of them before a test key takes any owner's place
    const asRecorded = await Promise.all(levers.map(([, lever]) => recordedAuthority(fork, lever)))
    const rows: LeverRow[] = []
    for (const [i, [where, lever]] of levers.entries()) {
      const recorded = asRecorded[i]
      if (recorded !== undefined) rows.push(await rowOf(scene, { where, lever, recorded }))
    }
    if (!rows.some(({ attack }) => attack === 'stopped')) rows.push(...(await probedRows(scene, related)))
    const { guarded, isReplayed, codes } = scene
    const offered = rows.map(({ lever }) => lever)
    return {
      name,
      protectedContracts: guarded,
      isReplayed,
      related: related.length,
      rows,
      missed: await missedOn({ fork, codes, offered }),
      contracts: fork.contracts.length,
    }
  } finally {
    await fork.close()
  }
}

async function sceneOf(fork: StateFork): Promise<Scene> {
  const codes = new Map<Address, Code>()
  for (const contract of fork.contracts) codes.set(contract, await resolveCode(fork.rpc, contract, 'latest'))
  const victims = new Set(attackLabels().find(({ id }) => id === fork.name)?.vulnerableContracts)
  // where the label names the code behind a proxy, the proxy is what is protected
  const attack = await putUpAttack(fork)
  const losers = losersOf(attack.transaction)
  const guarded = fork.contracts.filter((contract) => {
    if (losers.has(contract)) return true
    const { implementation } = codes.get(contract) ?? { implementation: contract }
    const isBehind = [...codes].some(
      ([other, code]) => other !== contract && code.implementation === contract,
    )
    return (
      (victims.has(contract) && !isBehind) || (implementation !== contract && victims.has(implementation))
    )
  })
  const sequencer = simulateV1Sequencer(fork.rpc)
  const trial = { before: [], within: null, owned: guarded, recorded: [] }
  const call = attack.puppets?.call
  const reproduced =
    call === undefined ? null : await reproduce(sequencer, fork.forkBlock, { ...trial, call })
  return {
    ...{ fork, sequencer, attack, codes, guarded },
    operations: operationsOf(attack, guarded),
    reproduced,
    isReplayed: reproduced?.succeeded === true,
  }
}

/** The functions of the protected contracts that the attack called, each once: the operations that a lever is tried on. */
function operationsOf({ transaction: { frames } }: RealAttack, guarded: readonly Address[]): Operation[] {
  const bySelector = new Map<Hex, Operation>()
  for (const { type, from, to, input, value, reverted } of frames) {
    const selector = selectorOf(input)
    if (type !== 'CALL' || selector === undefined || reverted || from === null || to === null) continue
    if (guarded.includes(to)) bySelector.set(selector, { selector, from, to, data: input, value })
  }
  return [...bySelector.values()].slice(0, MOST_OPERATIONS)
}

async function relatedOf({ fork, guarded }: Scene): Promise<Related[]> {
  const [bundle] = await bundlesOf(attackFile(fork.name))
  const callees = new Map()
  // no ordinary transactions are recorded: whom the contracts asked in the attack is whom they always ask
  if (bundle !== undefined)
    rememberCallees(callees, bundle, { watched: new Set(guarded), suspects: new Set() })
  const found = new Map<Address, Related>()
  for (const target of guarded)
    for (const each of await relatedContracts({ rpc: fork.rpc, block: fork.forkBlock, target, callees }))
      if (!guarded.includes(each.address) && !found.has(each.address)) found.set(each.address, each)
  return [...found.values()]
}

async function leversOf(
  { fork, guarded }: Scene,
  related: readonly Related[],
): Promise<['own' | 'related', Lever][]> {
  const { rpc, chainId, forkBlock: block } = fork
  const rows: ['own' | 'related', Lever][] = []
  const ids = new Set<string>()
  const add = (where: 'own' | 'related', levers: readonly Lever[]): void => {
    for (const lever of levers)
      if (!ids.has(lever.id) && rows.length < MOST_LEVERS) {
        ids.add(lever.id)
        rows.push([where, lever])
      }
  }
  for (const target of guarded) add('own', await discoverLevers({ rpc, chainId, target, block }))
  for (const target of guarded)
    add('related', await leversOfProtocol({ rpc, chainId, target, block }, related))
  return rows
}

type Recorded = { resolved: Resolved; who: string }

async function recordedAuthority(fork: StateFork, lever: Lever): Promise<Recorded> {
  const asked = { rpc: fork.rpc, block: fork.forkBlock, signers: [], others: [] }
  const resolved = await resolveAuthority(lever, asked)
  return { resolved, who: await whoText(fork, lever, resolved) }
}

async function rowOf(
  scene: Scene,
  { where, lever, recorded }: { where: LeverRow['where']; lever: Lever; recorded: Recorded },
): Promise<LeverRow> {
  const { fork, sequencer, operations } = scene
  const { rpc, forkBlock: block } = fork
  const asked = { rpc, block, signers: [], others: [] }
  const { who } = recorded
  let { authority, route } = recorded.resolved
  let isTestKey = false
  const replaced = authority === null ? await takeAuthority(rpc, lever.target, TEST_KEY) : []
  if (replaced.length > 0) {
    ;({ authority, route } = await resolveAuthority(lever, { ...asked, others: [TEST_KEY] }))
    isTestKey = authority?.address === TEST_KEY
  }
  const pullable = { ...lever, authority }
  const at = { rpc, sequencer, block, route, protects: scene.guarded[0] ?? lever.target }
  const tried = await tryLever({ ...at, lever: pullable, attack: scene.reproduced })
  const effects = await probeLever({ sequencer, lever: pullable, route, block, operations })
  // another lever of the contract may be pulled by the very account that stood there
  for (const { contract, slot, before } of replaced)
    await rpc.request('anvil_setStorageAt', [contract, slot, before])
  return { lever, where, who, isTestKey, attack: tried.attack, effects }
}

async function whoText(
  { rpc, forkBlock, node }: StateFork,
  { target, calldata }: Lever,
  { authority, givenUp }: Resolved,
): Promise<string> {
  if (authority !== null) {
    const { text } = await authorityDetail(rpc, authority.address, forkBlock)
    const gated = await isGated({ target, calldata }, { rpc, block: forkBlock })
    return gated ? `${authority.address}: ${text}` : 'anybody'
  }
  const unknown = node.missingSlots.get(target)?.size ?? 0
  if (unknown > 0) return `not recorded (state incomplete: ${unknown} slots that were asked for)`
  return givenUp.length > 0 ? `nobody: ${givenUp.join(', ')}` : 'nobody known'
}

async function probedRows(scene: Scene, related: readonly Related[]): Promise<LeverRow[]> {
  const { fork, sequencer, guarded, reproduced } = scene
  if (reproduced?.succeeded !== true) return []
  const { rpc, chainId, forkBlock: block } = fork
  const owners = new Set<Address>([TEST_KEY])
  const contracts = [...guarded, ...related.map(({ address }) => address)]
  for (const contract of contracts.slice(0, 6)) {
    await takeAuthority(rpc, contract, TEST_KEY)
    for (const { address } of (await namedBy(rpc, contract, block)).accounts) owners.add(address)
  }
  const levers = await probeForLevers({
    ...{ rpc, sequencer, chainId, block, contracts, names: functionNames },
    attack: reproduced,
    owners: [...owners],
  })
  const rows: LeverRow[] = []
  for (const lever of levers) {
    const recorded = await recordedAuthority(fork, lever)
    const row = await rowOf(scene, { where: 'probed', lever, recorded })
    const isTestKey = recorded.resolved.authority?.address === TEST_KEY
    rows.push({ ...row, isTestKey, who: isTestKey ? 'its owner' : row.who })
  }
  return rows
}
