import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe } from 'vitest'
import { z } from 'zod'
import { readBundles } from '../../src/chain/bundle/read.ts'
import type { BlockBundle } from '../../src/model/block.ts'
import { addressSchema, hashSchema } from '../../src/model/hex.ts'

/** Folder of the recorded chain data: `CORDON_CORPUS`, or `../shared/corpus` next to the repository. */
export const corpus = resolve(process.env['CORDON_CORPUS'] || '../shared/corpus')

const isThere = existsSync(join(corpus, 'README.md'))
let told = false

/** `describe` if the corpus is present, otherwise `describe.skip` and one line of explanation for the whole run. */
export function describeCorpus(name: string, suite: () => void): void {
  if (!isThere && !told) {
    told = true
    process.stderr.write(`corpus tests skipped: no recorded chain data at ${corpus} (set CORDON_CORPUS)\n`)
  }
  describe.skipIf(!isThere)(name, suite)
}

/** Files of a corpus folder in alphabetical order, with their paths; none if there is no corpus. */
export function corpusFiles(folder: string, ending: string): { name: string; path: string }[] {
  if (!isThere) return []
  return readdirSync(join(corpus, folder))
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => ({ name: file.slice(0, -ending.length), path: join(corpus, folder, file) }))
}

export function corpusJson(path: string): unknown {
  return JSON.parse(readFileSync(join(corpus, path), 'utf8'))
}

export async function bundlesOf(path: string): Promise<BlockBundle[]> {
  const bundles: BlockBundle[] = []
  for await (const bundle of readBundles(path)) bundles.push(bundle)
  return bundles
}

const labelSchema = z.object({
  id: z.string(),
  chainId: z.number().int(),
  tags: z.array(z.string()),
  transactions: z.array(hashSchema),
  attackerContract: addressSchema.nullish(),
  vulnerableContracts: z.array(addressSchema),
})
export type AttackLabel = z.infer<typeof labelSchema>

/** The labels of each recorded attack; none if there is no corpus. */
export function attackLabels(): AttackLabel[] {
  return isThere ? z.array(labelSchema).parse(corpusJson('attacks.labels.json')) : []
}

export function attackFile(id: string): string {
  return join(corpus, 'attacks', `${id}.ndjson`)
}
