import { loadPlaybooks, playbookFiles, readPlaybook } from '../files/playbooks.ts'
import { getIncident } from '../incidents/move.ts'
import { systemClock } from '../kit/clock.ts'
import { CordonError } from '../kit/error.ts'
import type { Logger } from '../kit/logger.ts'
import { categories } from '../model/category.ts'
import type { Incident } from '../model/incident.ts'
import type { PinnedPlaybook, Run, Signal } from '../model/playbook.ts'
import { exportCacao } from '../playbooks/cacao/export.ts'
import { importCacao } from '../playbooks/cacao/import.ts'
import { gapsIn } from '../playbooks/coverage.ts'
import { type Loaded, linkPlaybooks } from '../playbooks/link.ts'
import { parsePlaybook } from '../playbooks/parse.ts'
import { type PlanLine, planOf } from '../playbooks/plan.ts'
import { lacksOf } from '../playbooks/pulled.ts'
import { giveSignal } from '../playbooks/signal.ts'
import { writeRun } from '../playbooks/write-run.ts'
import { openDatabase } from '../store/database.ts'
import { actionKinds } from './actions/registry.ts'

export type LintResult = { file: string; id: string | null; error: unknown; pinned?: PinnedPlaybook }

/** Checks files as a start would, each alone and then together with the shipped ones that they may call. */
export async function lintPlaybooks(files: readonly string[] | undefined): Promise<LintResult[]> {
  const read: { result: LintResult; loaded: Loaded | null }[] = []
  for (const file of await playbookFiles(files)) {
    try {
      const pinned = parsePlaybook(await readPlaybook(file), file, actionKinds)
      read.push({ result: { file, id: pinned.playbook.id, error: null }, loaded: { file, pinned } })
    } catch (error) {
      read.push({ result: { file, id: null, error }, loaded: null })
    }
  }
  const good = read.flatMap(({ loaded }) => loaded ?? [])
  for (const one of read) {
    if (one.loaded === null) continue
    try {
      const [linked] = linkPlaybooks([one.loaded, ...(await othersFor(one.loaded, good))])
      if (linked !== undefined) one.result.pinned = linked
    } catch (error) {
      one.result.error = error
    }
  }
  return read.map(({ result }) => result)
}

/**
 * The problems of the playbooks as a response: each alone, and together: an attack of some category that none or
 * several of them are for. `together` is false if only some of them were named.
 */
export function lacking(playbooks: readonly PinnedPlaybook[], together: boolean): CordonError[] {
  const alone = playbooks.flatMap((pinned) =>
    lacksOf(pinned).map((problem) => incomplete(problem, { playbook: pinned.playbook.id })),
  )
  const gaps = together ? gapsIn(playbooks, categories) : []
  return [
    ...alone,
    ...gaps.map(({ category, protocols, problem }) =>
      incomplete(`an attack of the category ${category} on ${protocols.join(', ')}: ${problem}`, {
        category,
        protocols,
      }),
    ),
  ]
}

function incomplete(problem: string, facts: Record<string, unknown>): CordonError {
  return new CordonError({
    code: 'playbooks.Incomplete',
    message: `The playbooks leave a gap: ${problem}.`,
    facts,
    fix: 'Add the missing step or reason to the playbook, or name the category or the kind of protocol in `when` of one.',
  })
}

async function othersFor(one: Loaded, good: readonly Loaded[]): Promise<Loaded[]> {
  const others = good.filter((other) => other !== one)
  const ids = new Set([one, ...others].map(({ pinned }) => pinned.playbook.id))
  for (const file of await playbookFiles(undefined)) {
    const pinned = parsePlaybook(await readPlaybook(file), file)
    if (!ids.has(pinned.playbook.id)) others.push({ file, pinned })
  }
  return others
}

/** The playbook of that id among those configured. Throws `app.UnknownPlaybook`. */
export async function findPlaybookNamed(
  files: readonly string[] | undefined,
  id: string,
): Promise<PinnedPlaybook> {
  const all = await loadPlaybooks(files, actionKinds)
  const found = all.find(({ playbook }) => playbook.id === id)
  if (found !== undefined) return found
  throw new CordonError({
    code: 'app.UnknownPlaybook',
    message: `There is no playbook ${id.slice(0, 60)}.`,
    facts: { known: all.map(({ playbook }) => playbook.id) },
    fix: 'Use one of the known ids, or add its file to respond.playbooks in cordon.config.ts.',
  })
}

/** The actions of people on runs: next to a running Cordon or without one. */
export type RunDesk = {
  incident(id: string): Promise<Incident>
  begin(incidentId: string, pinned: PinnedPlaybook, author: string): Promise<Run>
  signal(given: Omit<Signal, 'givenAt'>): Promise<Signal>
  close(): Promise<void>
}

export type RunDeskOptions = {
  dataDir: string
  env: Readonly<Record<string, string | undefined>>
  logger: Logger
}

/**
 * Opens the database of a data folder. A run that begins here is carried out by the process that runs `start` on it.
 */
export async function openRunDesk(options: RunDeskOptions): Promise<RunDesk> {
  const { store, close } = await openDatabase(options)
  const context = { store, clock: systemClock }
  return {
    incident: (id) => getIncident(context, id),
    async begin(incidentId, pinned, author) {
      const incident = await getIncident(context, incidentId)
      return writeRun(context, { incident, pinned, author })
    },
    signal: (given) => giveSignal(context, given),
    close,
  }
}

/** The steps of a run, with conditions undecided. */
export function planFor(pinned: PinnedPlaybook): PlanLine[] {
  return planOf(pinned)
}

/** A playbook as CACAO 2.0 JSON. */
export function cacaoOf(pinned: PinnedPlaybook): unknown {
  return exportCacao(pinned, systemClock.now())
}

/**
 * A CACAO 2.0 file as Cordon's own YAML, checked. Throws `app.PlaybookUnreadable`, `playbooks.CacaoRefused` and the
 * errors of a check.
 */
export async function playbookFromCacao(file: string): Promise<string> {
  const yaml = importCacao(await readPlaybook(file))
  parsePlaybook(yaml, `${file} as YAML`, actionKinds)
  return yaml
}
