import { afterEach, beforeEach, expect, test } from 'vitest'
import { aFinding, anAlert, anAssessment } from '../../../test/harness/builders.ts'
import { playbookOf } from '../../../test/harness/playbooks.ts'
import { type FreshDatabase, freshDatabase } from '../../../test/harness/postgres.ts'
import { createAssessor } from '../../calibrate/assessor.ts'
import { createRpc, type Rpc } from '../../chain/rpc/rpc.ts'
import { type Anvil, startAnvil } from '../../chain/sandbox/anvil.ts'
import { addressOf, drillAccount } from '../../drills/accounts.ts'
import { launchAttack } from '../../drills/attacks.ts'
import { deployDrill } from '../../drills/deploy.ts'
import { loadCalibration } from '../../files/calibration.ts'
import { recordAlert } from '../../incidents/record-alert.ts'
import { systemClock } from '../../kit/clock.ts'
import { silentLogger } from '../../kit/logger.ts'
import { configSchema } from '../../model/config.ts'
import type { Address, Hash } from '../../model/hex.ts'
import { writeRun } from '../../playbooks/write-run.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { closeStore, openStore, type Store } from '../../store/store.ts'
import { authorisationTypedData } from '../approval/authorise.ts'
import { keySigner } from '../signers/signer.ts'
import { findAttack, reviveAttack } from '../trials/attack.ts'
import { simulateV1Sequencer } from '../trials/sequence.ts'
import type { Containing, Durable } from './containing.ts'
import type { Suspicion } from './decide.ts'
import type { Notice } from './notice.ts'
import { finish, type Known, pull } from './pipeline.ts'

let anvil: Anvil
let rpc: Rpc
let database: FreshDatabase
let store: Store

beforeEach(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' } })
  rpc = createRpc({ urls: [anvil.url] })
  database = await freshDatabase()
  store = await openStore({ url: database.url, logger: silentLogger })
})

afterEach(async () => {
  await closeStore(store)
  await database.drop()
  await rpc.close()
  await anvil.stop()
})

const guardian = addressOf('guardian')
const HOUR = 3_600

/** A mined attack on the drill's reserve, which one standing authorisation covers. */
async function attacked(): Promise<{ containing: Omit<Containing, 'durable' | 'tell'>; known: Known }> {
  const at = await deployDrill(anvil.url)
  const { transactions } = await launchAttack(at, anvil.url, { kind: 'reentrancy', rounds: 1 })
  const target = at.ethReserve
  const config = configSchema.parse({
    chains: [{ chainId: at.chainId, rpcUrls: [anvil.url] }],
    protect: [{ address: target }],
    roles: { guardian: [{ name: 'Gus', channels: ['console'], address: guardian }] },
    authorisations: [await authorisationOver(at.chainId, target)],
  })
  const [chainConfig] = config.chains
  if (chainConfig === undefined) throw new TypeError('a chain was configured')
  const place = {
    chainId: at.chainId,
    protected: [target],
    victims: [target],
    transactionHash: hashOf(transactions),
  }
  const loss = [{ account: target, asset: 'native' as const, amount: 1n }]
  const alert = anAlert({ ...place, findings: [aFinding({ ...place, loss, severity: 'critical' })] })
  const recorded = { store, clock: systemClock }
  const { incident } = await recordAlert(recorded, alert, { new: { kind: 'drill', title: 'an attack' } })
  const pinned = playbookOf('  - { id: contain, action: contain, args: { action: pause } }\n')
  const run = await writeRun(recorded, { incident, pinned, author: 'cordon' })
  const { privateKey } = drillAccount('guardian').getHdKey()
  const signer = keySigner(`0x${Buffer.from(privateKey ?? []).toString('hex')}`)
  const chains = new Map([[at.chainId, { rpc }]])
  const suspicion: Suspicion = {
    assessment: anAssessment(),
    isPending: false,
    actors: [addressOf('reentrancyAttacker')],
    hardFindings: alert.findings,
    assessor: createAssessor(await loadCalibration(undefined), config.decision),
  }
  return {
    containing: {
      means: { ...recorded, config, signers: new Map([[guardian, signer]]), chains, containing: new Set() },
      chain: {
        ...{ chainId: at.chainId, rpc, sequencer: simulateV1Sequencer(rpc), relays: [], config: chainConfig },
      },
      incident,
      attack: reviveAttack(await findAttack(rpc, incident)),
      attempt: run.id,
      runId: run.id,
      target,
      operations: [],
    },
    known: { names: new Map(), related: async () => [], suspicionOn: async () => suspicion },
  }
}

function hashOf(transactions: readonly { hash: Hash }[]): Hash {
  const [first] = transactions
  if (first === undefined) throw new TypeError('the attack was sent')
  return first.hash
}

async function authorisationOver(chainId: number, target: Address) {
  const now = Math.floor(systemClock.now() / 1_000)
  const terms = {
    ...{ installation: null, chainId, targets: [target], selectors: ['0x8456cb59' as const] },
    ...{ maxActions: 1, validFrom: now - HOUR, validUntil: now + HOUR },
  }
  const signature = await drillAccount('guardian').signTypedData(authorisationTypedData(terms))
  return { ...terms, signer: guardian, signature }
}

type Kept = Map<string, unknown>

/** The injected function in a few lines; `dies` names the stage that the process does not live to begin. */
function keptIn(kept: Kept, dies?: string): Durable {
  return async (name, act) => {
    if (kept.has(name)) return kept.get(name) as never
    if (dies !== undefined && name.startsWith(dies)) throw new Error('the process died')
    const value = await act()
    kept.set(name, value)
    return value
  }
}

const stagesIn = (kept: Kept): string[] => [...kept.keys()].map((name) => name.split(':')[0] ?? '')
const STAGES = [
  'plan',
  'simulate',
  'decide',
  'authorise',
  'hold',
  'route',
  'sign',
  'send',
  'confirm',
  'verify',
]

test('one contract goes through every stage once and in order, and each result is kept and told', async () => {
  const { containing, known } = await attacked()
  const kept: Kept = new Map()
  const notices: Notice['kind'][] = []
  const tell = async ({ kind }: Notice): Promise<void> => void notices.push(kind)
  const through = async () => {
    const all = { ...containing, durable: keptIn(kept), tell }
    const sent = await pull(all, known)
    return sent.kind === 'sent' ? finish(all, sent) : sent
  }
  const ended = await through()
  expect(ended).toMatchObject({ kind: 'verified', verification: { verified: true } })
  expect(stagesIn(kept)).toEqual(STAGES)
  expect(notices).toEqual(['planned', 'simulated', 'decided', 'sent', 'confirmed', 'verified'])
  // begun again with all results kept, nothing runs a second time
  expect(await through()).toEqual(ended)
  expect(notices).toHaveLength(6)
})

test('a process that dies between signing and sending sends the bytes that it signed, under the same nonce', async () => {
  const { containing, known } = await attacked()
  const kept: Kept = new Map()
  const tell = async (): Promise<void> => {}
  const dying = { ...containing, durable: keptIn(kept, 'send:'), tell }
  await expect(pull(dying, known)).rejects.toThrow('the process died')
  expect(containing.means.containing.size).toBe(0)
  const planId = String([...kept.keys()].find((name) => name.startsWith('sign:'))).slice('sign:'.length)
  const signed = await findBroadcast(store, planId)
  expect(signed?.state).toBe('signed')
  const all = { ...containing, durable: keptIn(kept), tell }
  const sent = await pull(all, known)
  if (sent.kind !== 'sent') throw new TypeError(`it ended as ${sent.kind}`)
  const ended = await finish(all, sent)
  expect(ended.broadcast).toMatchObject({
    state: 'mined',
    nonce: signed?.nonce,
    transactionHash: signed?.transactionHash,
  })
})

test('an attack that cannot be tried leaves the decision to people: nothing is held, routed or signed', async () => {
  const { containing, known } = await attacked()
  const kept: Kept = new Map()
  const attack = { ...containing.attack, hash: null, call: null }
  const all = { ...containing, attack, durable: keptIn(kept), tell: async () => {} }
  const ended = await pull(all, known)
  expect(ended).toMatchObject({
    kind: 'for-people',
    reasons: ['no attack transaction is known to try the lever on'],
  })
  expect(stagesIn(kept)).toEqual(STAGES.slice(0, 4))
})
