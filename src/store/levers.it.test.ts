import { afterAll, beforeAll, expect, test } from 'vitest'
import { anAddress, aPlan } from '../../test/harness/builders.ts'
import { type FreshDatabase, freshDatabase, sqlOn } from '../../test/harness/postgres.ts'
import { silentLogger } from '../kit/logger.ts'
import type { Lever } from '../model/lever.ts'
import { insertLevers, listLeverObservations, listLevers } from './levers.ts'
import { closeStore, openStore, type Store } from './store.ts'

let database: FreshDatabase
let store: Store
beforeAll(async () => {
  database = await freshDatabase()
  store = await openStore({ url: database.url, logger: silentLogger })
})
afterAll(async () => {
  await closeStore(store)
  await database.drop()
})

const target = anAddress(77)
const lever: Lever = { ...aPlan().lever, id: 'the-lever', target }
const observed = (block: number, changes: Partial<Lever> = {}) => ({
  observedAt: block * 1_000,
  block,
  lever: { ...lever, ...changes },
})

test('the newest observation of a lever is shown, and older ones are kept', async () => {
  await insertLevers(store, [observed(10, { armed: true }), observed(12, { armed: false })])
  // Looked at later, at an older block: it does not hide what is newer.
  await insertLevers(store, [observed(11, { armed: true })])
  expect(await listLevers(store)).toMatchObject([{ block: 12, lever: { armed: false } }])
  const blocks = (await listLeverObservations(store, target)).map(({ block }) => block)
  expect(blocks).toEqual([10, 12, 11])
})

test('the same observation again writes nothing; another authority at the same block does', async () => {
  const before = (await listLeverObservations(store, target)).length
  await insertLevers(store, [observed(12, { armed: false })])
  expect(await listLeverObservations(store, target)).toHaveLength(before)
  await insertLevers(store, [observed(12, { armed: false, authority: null })])
  expect(await listLeverObservations(store, target)).toHaveLength(before + 1)
  expect(await listLevers(store)).toMatchObject([{ lever: { authority: null } }])
})

test('an observation can be neither changed nor deleted', async () => {
  await expect(sqlOn(database.url, 'UPDATE levers SET block = 1')).rejects.toThrow()
  await expect(sqlOn(database.url, 'DELETE FROM levers')).rejects.toThrow()
})
