import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Judged, Judgement } from '../calibrate/judged.ts'
import { loadRules } from '../files/rules.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { canonicalJson, sha256, toJson } from '../kit/json.ts'
import { layerSchema } from '../model/assessment.ts'
import { severitySchema } from '../model/finding.ts'
import { addressSchema, hashSchema } from '../model/hex.ts'
import type { Label } from '../model/label.ts'
import type { JudgeJob } from './job.ts'

/**
 * Judgements of finished files, stored in a file: one line per judgement, added and flushed when its file is finished.
 */
export type ResumeState = {
  find(contentHash: string): Judgement | undefined
  /** Throws `app.StateUnusable`. */
  keep(contentHash: string, judgement: Judgement): Promise<void>
}

const count = z.number().int().min(0)
const moment = { blockNumber: z.number().int(), timestamp: z.number().nullable() }
const kind = { file: z.string(), size: z.enum(['simple', 'complex']), mev: z.boolean() }
const rowSchema = z.object({
  ...kind,
  ...moment,
  chainId: z.number().int(),
  transactionHash: hashSchema,
  index: z.number().int(),
  /** Id of the label; the labels themselves are part of the key. */
  label: z.string().nullable(),
  alert: z
    .object({
      severity: severitySchema,
      confidence: z.number(),
      categories: z.array(z.string()),
      protected: z.array(addressSchema),
      actors: z.array(addressSchema),
    })
    .nullable(),
  words: z.array(
    z.object({
      detector: z.string(),
      layer: layerSchema,
      confidence: z.number(),
      severity: severitySchema,
    }),
  ),
  pending: z.object({ ...moment, severity: severitySchema }).nullable(),
  losses: z.record(z.string(), z.string()),
  train: z.boolean(),
})

const TYPE = 'backtest-file'
const lineSchema = z.object({
  type: z.literal(TYPE),
  /** Over labels, options, rules and the program: judgements made with others are not used. */
  key: z.string(),
  /** SHA-256 of the bundle file. */
  content: z.string(),
  judgement: z.object({
    rows: z.array(rowSchema),
    silent: z.object({ train: count, test: count }),
    silentKinds: z.array(z.object({ ...kind, chainId: z.number().int(), train: z.boolean(), count })),
    blocks: count,
    blind: z.array(z.object({ detector: z.string(), missing: z.enum(['traces', 'logs']), blocks: count })),
  }),
})

/**
 * The judgements that a state file holds for a job. Lines of another job, a half-written last line, and those of
 * another version of the detectors are left unchanged. Throws `app.StateUnusable` for any other kind of file.
 */
export async function openState(path: string, job: JudgeJob): Promise<ResumeState> {
  const key = await keyOf(job)
  const labels = new Map(job.labels.map((label) => [label.id, label]))
  const kept = new Map<string, Judgement>()
  const torn = await readState(path, (line) => {
    if (line.key !== key) return
    const rows = line.judgement.rows.map((row) => withLabel(row, labels))
    kept.set(line.content, { ...line.judgement, rows })
  })
  let needsBreak = torn
  let written = Promise.resolve()
  return {
    find: (content) => kept.get(content),
    async keep(content, judgement) {
      const rows = judgement.rows.map((row) => ({ ...row, label: row.label?.id ?? null }))
      const text = toJson({ type: TYPE, key, content, judgement: { ...judgement, rows } })
      const start = needsBreak ? '\n' : ''
      needsBreak = false
      // lines of two threads must not mix
      written = written.then(() => append(path, `${start}${text}\n`))
      await written
    },
  }
}

type StateLine = z.infer<typeof lineSchema>

function withLabel(row: StateLine['judgement']['rows'][number], labels: ReadonlyMap<string, Label>): Judged {
  return { ...row, label: row.label === null ? null : (labels.get(row.label) ?? null) }
}

/** Passes on each valid line; true if the last one is not terminated. */
async function readState(path: string, take: (line: StateLine) => void): Promise<boolean> {
  let [known, bad] = [0, 0]
  const bytes = createReadStream(path, 'utf8')
  let last = '\n'
  bytes.on('data', (text) => {
    last = String(text).at(-1) ?? last
  })
  try {
    for await (const text of createInterface({ input: bytes, crlfDelay: Number.POSITIVE_INFINITY })) {
      const line = lineSchema.safeParse(jsonOf(text))
      if (line.success) {
        known++
        take(line.data)
      } else if (text.trim() !== '') bad++
    }
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return false
    throw unusable(path, messageOf(cause))
  }
  if (bad > 0 && known === 0 && !(await isTornState(path)))
    throw unusable(path, 'it is not a state file, and it is not empty')
  return last !== '\n'
}

/** A first line that was cut off still begins like a valid one. */
async function isTornState(path: string): Promise<boolean> {
  const begin = `{"type":"${TYPE}"`
  const handle = await open(path)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(begin.length), 0, begin.length, 0)
    return begin.startsWith(buffer.toString('utf8', 0, bytesRead))
  } finally {
    await handle.close()
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function append(path: string, text: string): Promise<void> {
  try {
    const handle = await open(path, 'a')
    try {
      await handle.writeFile(text)
      await handle.datasync()
    } finally {
      await handle.close()
    }
  } catch (cause) {
    throw unusable(path, messageOf(cause))
  }
}

function unusable(file: string, reason: string): CordonError {
  return new CordonError({
    code: 'app.StateUnusable',
    message: `The state of the backtest cannot be kept in ${file}: ${reason}`,
    facts: { file, reason },
    fix: 'Give --resume a file that does not exist yet, or one that an earlier backtest wrote.',
  })
}

/** SHA-256 of a file, read in pieces. Throws the errors of reading. */
export async function contentHash(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file)) hash.update(piece)
  return hash.digest('hex')
}

async function keyOf({ rules, ...job }: JudgeJob): Promise<string> {
  const loaded = rules === undefined ? [] : await loadRules(rules === 'shipped' ? undefined : rules)
  return sha256(
    canonicalJson({
      ...job,
      rules: loaded.map((rule) => rule.contentHash),
      program: await programHash(),
    }),
  )
}

/** The rooms that decide the detection result of a transaction. */
const ROOMS = ['kit', 'model', 'chain', 'facts', 'detect', 'calibrate', 'incidents', 'backtest']

/** Over the program text of detection: a version number does not change with every change of a rule. */
async function programHash(): Promise<string> {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..')
  const hash = createHash('sha256')
  for (const room of ROOMS) {
    const files = await readdir(join(root, room), { recursive: true })
    for (const file of files.filter((name) => /(?<!\.d|test)\.[jt]s$/.test(name)).sort())
      hash.update(`${file}\0`).update(await readFile(join(root, room, file)))
  }
  return hash.digest('hex')
}
