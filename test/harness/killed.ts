import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type CordonProcess, startCordon, writeDrillConfig } from './cordon-process.ts'
import type { DrillRecorder } from './drill-record.ts'
import { freshDatabase, sqlOn } from './postgres.ts'

type Line = Record<string, unknown>

/** Options of the watched chain in addition to the drill's. */
export type ChainOptions = Readonly<Record<string, unknown>>

/** The existing chain of a drill, and a folder and a database for the Cordons that read it. */
export type KillStage = {
  recorder: DrillRecorder
  dir: string
  chain?: ChainOptions
}

export type Killed = {
  /** The recorded findings, sorted; a finding that was recorded twice appears twice. */
  findings: string[]
  /** The final block of the snapshot that each start resumed from; null if it resumed from the first block. */
  snapshots: unknown[]
}

/**
 * Cordon's findings on the recorder’s chain up to its head, killed with SIGKILL once the record has reached each of
 * these blocks, and started again.
 */
export async function findingsKilledAt(stage: KillStage, blocks: readonly number[]): Promise<Killed> {
  const { recorder, dir, chain = {} } = stage
  const database = await freshDatabase()
  try {
    const env = await writeDrillConfig(dir, {
      deployment: recorder.drill,
      rpcUrl: recorder.anvil.url,
      databaseUrl: database.url,
    })
    await changeConfig(dir, chain)
    const head = await recorder.head()
    const lines: Line[] = []
    for (const block of blocks) {
      const dying = startCordon({
        args: ['start', '--no-response'],
        cwd: dir,
        env: { ...env, CORDON_CRASH_AT: `watch.processed:${block}` },
      })
      // blocks are recorded in batches: one whose record had advanced further before is killed immediately
      const isBeyond = (line: Line): boolean => (processedOf(line) ?? -1) >= block
      await Promise.race([dying.ended, dying.until(isBeyond).catch(() => undefined)])
      dying.child.kill('SIGKILL')
      await dying.ended
      lines.push(...dying.lines)
    }
    const last = startCordon({ args: ['start', '--no-response'], cwd: dir, env })
    lines.push(...(await untilHead(last, head)))
    return {
      findings: await recordedFindings(database.url),
      snapshots: lines.flatMap((line) => (line['code'] === 'states-restored' ? [finalOf(line)] : [])),
    }
  } finally {
    await database.drop()
  }
}

async function untilHead(cordon: CordonProcess, head: number): Promise<Line[]> {
  await cordon.until((line) => isHead(line, head))
  cordon.child.kill('SIGINT')
  await cordon.ended
  return cordon.lines
}

const restoredSchema = z.looseObject({ facts: z.looseObject({ processed: z.number() }) })

/** Whether the head was judged: now, or before this start, and then nothing is left to judge. */
function isHead(line: Line, head: number): boolean {
  return line['type'] === 'block' ? line['blockNumber'] === head : processedOf(line) === head
}

/** The newest block on record when the states were restored. */
function processedOf(line: Line): number | undefined {
  return line['code'] === 'states-restored' ? restoredSchema.parse(line).facts.processed : undefined
}

const recordedSchema = z.object({
  fingerprint: z.string(),
  blockNumber: z.number(),
  detector: z.string(),
  severity: z.string(),
  confidence: z.number(),
})

/** The findings on record, in incidents and outside them: one that was reported again after a kill appears once. */
async function recordedFindings(url: string): Promise<string[]> {
  const sql = 'SELECT document FROM findings UNION ALL SELECT document FROM remarks'
  const rows = await sqlOn(url, sql)
  return rows
    .map(({ document }) => {
      const { blockNumber, detector, severity, confidence, fingerprint } = recordedSchema.parse(document)
      return `${blockNumber} ${detector} ${severity} ${confidence.toFixed(3)} ${fingerprint}`
    })
    .sort()
}

function finalOf(line: Line): unknown {
  return z.looseObject({ final: z.unknown() }).parse(line['facts']).final
}

const configSchema = z.looseObject({ chains: z.array(z.looseObject({})) })

async function changeConfig(dir: string, chain: ChainOptions): Promise<void> {
  const file = join(dir, 'cordon.config.json')
  const config = configSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  // a machine under load must not make partial blocks: this is about kills
  const patience = { share: 10, leastMs: 60_000, mostMs: 60_000 }
  const chains = config.chains.map((one) => ({ ...one, patience, ...chain }))
  await writeFile(file, JSON.stringify({ ...config, chains }))
}
