import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { type PinnedPlaybook, partsSchema, playbookSchema } from '../model/playbook.ts'
import { change, row, type Store } from './store.ts'

const storedSchema = z.object({
  contentHash: z.string(),
  source: z.string(),
  /** The playbooks that it calls are stored next to its own fields; absent where it calls none. */
  document: playbookSchema.extend({ parts: partsSchema.optional() }),
})

/** Stores a playbook under its content hash, permanently and unchanged. */
export async function pinPlaybook(tx: Store, pinned: PinnedPlaybook): Promise<void> {
  const sql = `INSERT INTO playbooks (content_hash, playbook_id, source, document) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING`
  const { contentHash, playbook, source, parts } = pinned
  await change(tx, sql, [contentHash, playbook.id, source, toJson({ ...playbook, parts })])
}

/** The playbook with that content hash, or undefined. */
export async function findPlaybook(store: Store, contentHash: string): Promise<PinnedPlaybook | undefined> {
  const sql = `SELECT content_hash AS "contentHash", source, document FROM playbooks
    WHERE content_hash = $1`
  const found = await row(store, storedSchema, sql, [contentHash])
  if (found === undefined) return undefined
  const { parts, ...playbook } = found.document
  const pinned = { contentHash: found.contentHash, source: found.source, playbook }
  return parts === undefined ? pinned : { ...pinned, parts }
}
