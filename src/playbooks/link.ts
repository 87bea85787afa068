import { readYaml, type YamlPath } from '../kit/yaml.ts'
import type { Parts, PinnedPlaybook } from '../model/playbook.ts'
import { hashPlaybook } from './parse.ts'
import { invalid, invalidAt } from './problem.ts'
import { walk } from './walk.ts'

/** Maximum nesting of playbooks, the outermost counted. */
const DEEPEST = 4

export type Loaded = { file: string; pinned: PinnedPlaybook }

/**
 * Gives each playbook the steps of those that it calls, so that the pin covers them too. Refuses an id that two files
 * have, one that none has, a circle, and more than four levels. Throws `playbooks.InvalidPlaybook`.
 */
export function linkPlaybooks(loaded: readonly Loaded[]): PinnedPlaybook[] {
  const byId = new Map<string, Loaded>()
  for (const one of loaded) {
    const { id } = one.pinned.playbook
    const first = byId.get(id)
    if (first !== undefined) throw problemIn(one, ['id'], `${first.file} also has the id ${id}`)
    byId.set(id, one)
  }
  return loaded.map((one) => linked(one, byId))
}

function linked(one: Loaded, byId: ReadonlyMap<string, Loaded>): PinnedPlaybook {
  const parts: Parts = {}
  gather(one, { byId, parts, above: [one.pinned.playbook.id] })
  if (Object.keys(parts).length === 0) return one.pinned
  const { playbook, source } = one.pinned
  return { playbook, source, parts, contentHash: hashPlaybook(playbook, parts) }
}

type Gathering = { byId: ReadonlyMap<string, Loaded>; parts: Parts; above: readonly string[] }

function gather(one: Loaded, { byId, parts, above }: Gathering): void {
  for (const { step, path } of walk(one.pinned.playbook.steps)) {
    if (!('playbook' in step)) continue
    const at = [...path, 'playbook']
    const called = byId.get(step.playbook)
    if (called === undefined)
      throw problemIn(one, at, `there is no playbook ${step.playbook} among those loaded`)
    const way = [...above, step.playbook]
    if (above.includes(step.playbook)) throw problemIn(one, at, `playbooks in a circle: ${way.join(' → ')}`)
    if (way.length > DEEPEST) throw problemIn(one, at, `more than ${DEEPEST} levels: ${way.join(' → ')}`)
    parts[step.playbook] = called.pinned.playbook.steps
    gather(called, { byId, parts, above: way })
  }
}

function problemIn({ file, pinned }: Loaded, path: YamlPath, problem: string): Error {
  const read = readYaml(pinned.source)
  return read.kind === 'content'
    ? invalidAt({ ...read.source, file }, path, problem)
    : invalid({ file, line: 1, field: 'YAML', problem })
}
