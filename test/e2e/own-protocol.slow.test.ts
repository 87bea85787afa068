import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type Anvil, startAnvil } from '../../src/chain/anvil.ts'
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
      record: z.array(z.record(z.string(), z.unknown())),
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
