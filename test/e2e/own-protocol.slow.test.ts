import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type Anvil, startAnvil } from '../../src/chain/sandbox/anvil.ts'
import { type FreshDatabase, freshDatabase } from '../harness/postgres.ts'

const pageSchema = z.object({ title: z.string(), body: z.string(), severity: z.string(), kind: z.string() })
const storySchema = z.object({
  byHand: z.object({
    transactions: z.array(z.string()),
    incidents: z.array(z.object({ severity: z.string(), transactions: z.array(z.string()) })),
    pages: z.array(pageSchema),
  }),
  attacks: z.array(
    z.object({
      name: z.string(),
      transactionHash: z.string(),
      isPaused: z.boolean(),
      lost: z.string(),
      pages: z.array(pageSchema),
      report: z.string(),
      incident: z.object({
        severity: z.string(),
        transactions: z.array(z.string()),
        timeline: z.array(z.object({ kind: z.string(), message: z.string() })),
      }),
    }),
  ),
})

let anvil: Anvil
let database: FreshDatabase
let story: z.infer<typeof storySchema>

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'interval', seconds: 1 } })
  database = await freshDatabase()
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['examples/own-protocol/run.mjs', '--json', '--rpc', anvil.url],
    {
      env: {
        PATH: process.env['PATH'] ?? '',
        TZ: 'UTC',
        DATABASE_URL: database.url,
        CORDON_PROGRAM: resolve('.cordon/test-build/src/cli/main.js'),
      },
      maxBuffer: 64_000_000,
    },
  )
  story = storySchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''))
})

afterAll(async () => {
  await anvil.stop()
  await database.drop()
})

const namesOf = {
  'access-control': 'EverydaySavings',
  'signature-replay': 'EverydaySavings',
  'share-inflation': 'HolidaySavings',
}
const attackNamed = (name: string) => {
  const found = story.attacks.find((attack) => attack.name === name)
  if (found === undefined) throw new Error(`no attack ${name} in the story`)
  return found
}
const messagesOf = (name: string, kind: string): string =>
  attackNamed(name)
    .incident.timeline.filter((entry) => entry.kind === kind)
    .map(({ message }) => message)
    .join('\n')

test('the guardian’s own pause by hand, and the owner’s opening, are no attack: nobody is paged', () => {
  const about = story.byHand.incidents.filter(({ transactions }) =>
    transactions.some((hash) => story.byHand.transactions.includes(hash)),
  )
  expect(about.filter(({ severity }) => ['high', 'critical'].includes(severity))).toEqual([])
  expect(story.byHand.pages).toEqual([])
})

test.each(Object.entries(namesOf))(
  '%s against %s is detected, paged and contained without people',
  (name, vault) => {
    const attack = attackNamed(name)
    expect(attack.isPaused).toBe(true)
    const { incident } = attack
    expect(['high', 'critical']).toContain(incident.severity)
    expect(incident.transactions).toContain(attack.transactionHash)
    expect(messagesOf(name, 'broadcast')).toMatch(/Sent pause\(\).*under authorisation/)
    expect(messagesOf(name, 'state')).toMatch(/→ contained/)
    const text = attack.pages.map(({ title, body }) => `${title}\n${body}`).join('\n')
    expect(text).toContain(vault)
    expect(text).toMatch(/[\d,.]+ “?DUSD/)
    // no base units, and no bare address where a name is known, except in a call that people copy into a wallet
    const prose = text.replace(/By hand: .* with calldata 0x[0-9a-f]+\./g, '')
    expect(prose).not.toMatch(/\b\d{10,}\b/)
    expect(prose).not.toMatch(
      /0xe7f1725e7734ce288f8367e1bb143e90bb3f0512|0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0/i,
    )
  },
)

test('what was opened again with two signatures is contained again when it is attacked again', () => {
  expect(messagesOf('access-control', 'approval')).toMatch(/is approved by 0x\w+, 0x\w+/)
  expect(messagesOf('access-control', 'state')).toMatch(/contained → stable/)
  expect(messagesOf('signature-replay', 'state')).toMatch(/→ contained/)
})

test.each(Object.entries(namesOf))('the report of %s says what was lost and how it ended', (name, vault) => {
  const { report } = attackNamed(name)
  expect(report).toContain(vault)
  expect(report).toMatch(/[\d,.]+ “?DUSD/)
  expect(report).toMatch(/contained/i)
})
