import { beforeEach, expect, test } from 'vitest'
import { anAlert, aPlan } from '../../../test/harness/builders.ts'
import { type FreshDatabase, freshDatabase } from '../../../test/harness/postgres.ts'
import { malleated } from '../../../test/harness/signing.ts'
import { createRpc, type Rpc } from '../../chain/rpc/rpc.ts'
import type { Anvil } from '../../chain/sandbox/anvil.ts'
import { startAnvil } from '../../chain/sandbox/anvil.ts'
import { approvalTypedData } from '../../contain/approval/approval-data.ts'
import { authorisationHash, authorisationTypedData } from '../../contain/approval/authorise.ts'
import { type Ground, permitNow } from '../../contain/approval/permit.ts'
import { type Signed, signPlan } from '../../contain/sending/broadcast.ts'
import type { Signer } from '../../contain/signers/signer.ts'
import { addressOf, drillAccount } from '../../drills/accounts.ts'
import { drillSigner, drillTeam } from '../../drills/team.ts'
import { recordAlert } from '../../incidents/record-alert.ts'
import { type Clock, systemClock } from '../../kit/clock.ts'
import { silentLogger } from '../../kit/logger.ts'
import { type Config, configSchema } from '../../model/config.ts'
import type { ContainmentPlan, StandingAuthorisation } from '../../model/containment.ts'
import { countActions, revokeAuthorisation } from '../../store/authorisations.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { installationOf } from '../../store/installation.ts'
import { insertPlan } from '../../store/plans.ts'
import { closeStore, openStore, type Store, transaction } from '../../store/store.ts'
import type { App, ChainHandle } from '../context.ts'
import { giveApproval, planToDecide, termsFor } from './desk.ts'

const fees = { minPriorityFeePerGas: 2_000_000_000n, maxFeePerGasCap: 500_000_000_000n, outbid: null }
const guardian = drillSigner('guardian')

let database: FreshDatabase
/** Two processes of one installation. */
let stores: [Store, Store]
let anvil: Anvil
let rpc: Rpc
let config: Config
let now: number
const clock: Clock = { ...systemClock, now: () => now }
let made = 0

beforeEach(async () => {
  database = await freshDatabase()
  const open = () => openStore({ url: database.url, logger: silentLogger })
  stores = [await open(), await open()]
  anvil = await startAnvil({ mining: { kind: 'manual' } })
  rpc = createRpc({ urls: [anvil.url] })
  now = Date.now()
  config = configSchema.parse({ chains: [{ chainId: 31_337, rpcUrls: [anvil.url] }], roles: drillTeam() })
  return async () => {
    await rpc.close()
    await anvil.stop()
    await Promise.all(stores.map(closeStore))
    await database.drop()
  }
})

async function plan(): Promise<ContainmentPlan> {
  const n = ++made
  const alert = anAlert({ fingerprint: `attack-${n}`, transactionHash: null })
  const { incident } = await recordAlert({ store: stores[0], clock }, alert, {
    new: { kind: 'normal', title: `attack ${n}` },
  })
  const base = aPlan({ id: `plan-${n}`, incidentId: incident.id })
  const { lever } = base
  const it = { ...base, lever: { ...lever, chainId: 31_337 } }
  await insertPlan(stores[0], it)
  return it
}

async function authorised(change: Partial<StandingAuthorisation> = {}): Promise<StandingAuthorisation> {
  const { lever } = aPlan()
  const terms = {
    installation: await installationOf(stores[0]),
    chainId: 31_337,
    targets: [lever.target],
    selectors: [lever.calldata],
    maxActions: 1,
    validFrom: Math.floor(now / 1_000) - 60,
    validUntil: Math.floor(now / 1_000) + 600,
    ...change,
  }
  const signature = await drillAccount('guardian').signTypedData(authorisationTypedData(terms))
  return { ...terms, signer: addressOf('guardian'), signature }
}

const appOf = (store: Store): Pick<App, 'store' | 'clock' | 'config' | 'chains'> => ({
  store,
  clock,
  config,
  chains: new Map([[31_337, { rpc } as ChainHandle]]),
})

type Signing = { process?: 0 | 1; signer?: Signer; ground?: Ground }

/** Signs as the step does; where another process took the nonce meanwhile, it takes a new one. */
async function sign(
  it: ContainmentPlan,
  { process = 0, signer = guardian, ground }: Signing = {},
): Promise<Signed> {
  const store = stores[process]
  const app = appOf(store)
  const permit = (tx: Store) => permitNow(app, tx, { plan: it, ground: ground ?? { kind: 'authorised' } })
  for (;;) {
    try {
      return await signPlan(it, { signer, gasUsed: 21_000, fees, permit }, { rpc, store, clock })
    } catch (thrown) {
      if ((thrown as { code?: string }).code !== 'store.NonceTaken') throw thrown
    }
  }
}

const refusalOf = (signed: Signed): string => ('refused' in signed ? signed.refused.join('; ') : 'signed')
const revoke = (one: StandingAuthorisation): Promise<boolean> =>
  transaction(stores[1], (tx) =>
    revokeAuthorisation(tx, { hash: authorisationHash(one), author: 'Ilse', revokedAt: now }),
  )

test('two processes that race for the last actions never sign one more than was allowed', async () => {
  const one = await authorised({ maxActions: 3 })
  config = { ...config, authorisations: [one] }
  const plans = await Promise.all(Array.from({ length: 10 }, plan))
  const results = await Promise.all(plans.map((it, i) => sign(it, { process: i % 2 === 0 ? 0 : 1 })))
  const refusals = results.map(refusalOf).filter((word) => word !== 'signed')
  expect(refusals).toHaveLength(7)
  expect(new Set(refusals)).toEqual(new Set(['its 3 actions are used up']))
  expect(await countActions(stores[0], { hash: authorisationHash(one) })).toBe(3)
})

test('an authorisation is counted by itself: a new one starts at zero, and what people approved does not count', async () => {
  const one = await authorised()
  config = { ...config, authorisations: [one] }
  const first = await plan()
  expect(refusalOf(await sign(first))).toBe('signed')
  expect(refusalOf(await sign(await plan()))).toMatch(/1 actions are used up/)
  const second = await authorised({ maxActions: 2 })
  config = { ...config, authorisations: [one, second] }
  expect(refusalOf(await sign(await plan()))).toBe('signed')
  const approved = await plan()
  await give(approved, { decision: 'approve' })
  expect(refusalOf(await sign(approved, { ground: { kind: 'approved' } }))).toBe('signed')
  expect(await countActions(stores[0], { hash: authorisationHash(second) })).toBe(1)
  // A second signature of the same plan returns what was signed for it, and uses up nothing.
  expect(refusalOf(await sign(first))).toBe('signed')
})

test('what is revoked is not signed, also when the revocation comes while somebody is about to sign', async () => {
  const one = await authorised({ maxActions: 9 })
  config = { ...config, authorisations: [one] }
  let asked: (() => void) | undefined
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  let answer: (() => void) | undefined
  const mayAnswer = new Promise<void>((resolve) => {
    answer = resolve
  })
  // A slow signer: the revocation waits for the signature in progress, and nothing later is signed.
  const slow: Signer = {
    ...guardian,
    async signTransaction(transaction) {
      asked?.()
      await mayAnswer
      return guardian.signTransaction(transaction)
    },
  }
  const first = sign(await plan(), { signer: slow })
  await isAsked
  let isRevoked = false
  const revoking = revoke(one).then(() => {
    isRevoked = true
  })
  const second = plan().then((it) => sign(it))
  await systemClock.sleep(100)
  expect(isRevoked).toBe(false)
  answer?.()
  expect(refusalOf(await first)).toBe('signed')
  await revoking
  await second
  const signedBefore = await countActions(stores[0], { hash: authorisationHash(one) })
  expect(refusalOf(await sign(await plan()))).toMatch(/^it was revoked by Ilse at/)
  expect(await countActions(stores[0], { hash: authorisationHash(one) })).toBe(signedBefore)
})

test('an authorisation that ends between the decision and the signature is not signed under', async () => {
  const one = await authorised()
  config = { ...config, authorisations: [one] }
  const it = await plan()
  now += 601_000
  expect(refusalOf(await sign(it))).toMatch(/^it expired at/)
  expect(await findBroadcast(stores[0], it.id)).toBeUndefined()
})

test('one that was signed for another installation, or before installations had names, is refused with what to do', async () => {
  config = {
    ...config,
    authorisations: [
      await authorised({ installation: '6f8d2c1e-0000-4000-8000-000000000002' }),
      await authorised({ installation: null }),
    ],
  }
  expect(refusalOf(await sign(await plan()))).toMatch(
    /for installation 6f8d2c1e.*sign it again with `cordon levers authorize`; it names no installation/,
  )
})

async function give(
  it: ContainmentPlan,
  change: { decision: 'approve' | 'revoke' },
): Promise<Parameters<typeof giveApproval>[1]> {
  const app = appOf(stores[0])
  const terms = await termsFor(app, await planToDecide(app, it.id), change)
  const signature = await drillAccount('guardian').signTypedData(approvalTypedData(terms))
  const word = { ...terms, signer: addressOf('guardian'), signature }
  await giveApproval(app, word)
  return word
}

test('an approval withdrawn right before the signature stays withdrawn, whatever is given again', async () => {
  const it = await plan()
  const ground: Ground = { kind: 'approved' }
  const word = await give(it, { decision: 'approve' })
  const withdrawal = await give(it, { decision: 'revoke' })
  expect([word.sequence, withdrawal.sequence]).toEqual([1, 2])
  const app = appOf(stores[1])
  const again = await giveApproval(app, word)
  expect(again.notCounted).toMatch(/number 2 \(revoke\) holds/)
  const altered = await giveApproval(app, { ...word, signature: malleated(word.signature) })
  expect(altered.notCounted).toMatch(/it was altered/)
  expect(refusalOf(await sign(it, { ground }))).toMatch(/expired or was withdrawn before it was signed/)
  await give(it, { decision: 'approve' })
  expect(refusalOf(await sign(it, { ground }))).toBe('signed')
})
