import { canonicalJson, sha256 } from '../kit/json.ts'
import { readYaml } from '../kit/yaml.ts'
import { type Parts, type PinnedPlaybook, type Playbook, playbookSchema } from '../model/playbook.ts'
import { checkActions, checkSteps, type KnownAction } from './check.ts'
import { fromIssue, invalid, invalidAt } from './problem.ts'

/**
 * Reads a playbook from YAML and pins it: the hash covers the content, not the layout.
 * With `actions` it also checks every step's action and arguments. `linkPlaybooks` adds the playbooks that it calls.
 * Throws `playbooks.InvalidPlaybook` (file, line, field) and `playbooks.UnknownAction`.
 *
 * @example
 * const pinned = parsePlaybook(await readFile(file, 'utf8'), file, actions)
 */
export function parsePlaybook(text: string, file: string, actions?: readonly KnownAction[]): PinnedPlaybook {
  const read = readYaml(text)
  if (read.kind === 'broken')
    throw invalid({ file, line: read.place.line, field: 'YAML', problem: read.problem })
  const source = { ...read.source, file }
  const { content } = read
  if (!endsSomewhere(content)) throw invalidAt(source, [], 'blocks in blocks without end')
  const parsed = playbookSchema.safeParse(content)
  if (!parsed.success) throw fromIssue(source, parsed.error.issues[0], { content })
  checkSteps(source, parsed.data)
  if (actions) checkActions(source, parsed.data, actions)
  return { contentHash: hashPlaybook(parsed.data), source: text, playbook: parsed.data }
}

const DEEPEST = 80

/** False for an alias of an enclosing node: it makes a circle, which a walk would never leave. */
function endsSomewhere(
  value: unknown,
  above: ReadonlySet<unknown> = new Set(),
  seen = new Set<unknown>(),
): boolean {
  if (typeof value !== 'object' || value === null || seen.has(value)) return true
  if (above.has(value) || above.size > DEEPEST) return false
  const here = new Set([...above, value])
  const ends = Object.values(value).every((inner) => endsSomewhere(inner, here, seen))
  if (ends) seen.add(value)
  return ends
}

/** SHA-256 of a playbook's canonical JSON, with the steps of the playbooks that it calls. */
export function hashPlaybook(playbook: Playbook, parts?: Parts): string {
  return sha256(canonicalJson(parts === undefined ? playbook : { playbook, parts }))
}
