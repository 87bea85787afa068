/**
 * The fault matrix of containment: the real action, the real watcher code and a real PostgreSQL against a simulated
 * chain, killed at each crash point under each fault, then at several under several. Prints for each cell how the runs
 * ended, and every violation with the seed that reproduces it.
 *
 * npm run build && node dist/bench/fault-matrix.js [--runs 1000] [--seed 1] [--only SEED] [--given-back] [--lines] [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadCalibration } from '../src/files/calibration.ts'
import { silentLogger } from '../src/kit/logger.ts'
import { parsePlaybook } from '../src/playbooks/parse.ts'
import { startEmbeddedPostgres } from '../src/store/embedded/embedded.ts'
import { closeStore, openStore } from '../src/store/store.ts'
import { listTimeline } from '../src/store/timeline.ts'
import { faultKinds } from '../test/harness/simulated/faults.ts'
import type { Verdict } from '../test/harness/simulated/judge.ts'
import { caseOf, crashPoints, givenBack, type MatrixCase } from '../test/harness/simulated/matrix.ts'
import { type Ground, runCase } from '../test/harness/simulated/run.ts'

const PLAYBOOK = `
id: matrix
title: Contain
owner: operations
level: test
description: The step that contains.
when: { severity: high }
steps:
  - { id: contain, action: contain, args: { action: pause } }
`

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    'given-back': { type: 'boolean', default: false },
    lines: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const [first, wanted] = [Number(values.seed), Number(values.runs)]

type Ran = { it: MatrixCase; verdict: Verdict }

const dataDir = await mkdtemp(join(tmpdir(), 'cordon-matrix-'))
const postgres = await startEmbeddedPostgres({ dataDir, logger: silentLogger, ephemeral: true })
const store = await openStore({ url: postgres.url, logger: silentLogger })
try {
  const playbook = parsePlaybook(PLAYBOOK, 'matrix.yaml')
  const ground = { store, calibration: await loadCalibration(undefined), playbook }
  const began = performance.now()
  const ran = await runAll(ground)
  report(ran, (performance.now() - began) / 1_000)
} finally {
  await closeStore(store)
  await postgres.stop()
  await rm(dataDir, { recursive: true, force: true })
}

/** One after the other: two in parallel would share the crash point's handler. */
async function runAll(ground: Ground): Promise<Ran[]> {
  const only = values.only === undefined ? [] : [Number(values.only)]
  const seeds = only.length > 0 ? only : Array.from({ length: wanted }, (_, n) => first + n)
  const ran: Ran[] = []
  for (const seed of seeds) {
    const it = values['given-back'] ? givenBack(seed) : caseOf(seed)
    const verdict = await runCase(ground, it)
    ran.push({ it, verdict })
    if (values.lines)
      process.stdout.write(`line ${seed} ${deathsOf(it)} ${JSON.stringify(shortly(verdict))}\n`)
    if (values.only !== undefined) await tellAll({ it, verdict })
    for (const violation of verdict.violations)
      process.stderr.write(`seed ${it.seed}: ${violation} (${it.kinds.join(', ')}; ${deathsOf(it)})\n`)
  }
  return ran
}

function shortly({ incidentId: _incidentId, ...rest }: Verdict): Omit<Verdict, 'incidentId'> {
  return rest
}

/** A single run: its parameters, its timeline and its verdict. */
async function tellAll({ it, verdict }: Ran): Promise<void> {
  const timeline = await listTimeline(store, verdict.incidentId)
  const began = timeline[0]?.discoveryTime ?? 0
  const lines = timeline.map(({ discoveryTime, message }) => `${discoveryTime - began} ms  ${message}`)
  process.stdout.write(`${JSON.stringify({ it, verdict }, null, 2)}\n${lines.join('\n')}\n`)
}

function deathsOf({ deaths }: MatrixCase): string {
  return deaths.length === 0 ? 'no death' : deaths.map(({ point, nth }) => `${point} #${nth}`).join(', ')
}

function summaryOf(ran: readonly Ran[], seconds: number) {
  const count = (holds: (verdict: Verdict) => boolean): number =>
    ran.filter(({ verdict }) => holds(verdict)).length
  const reasons: Record<string, number> = {}
  for (const { verdict } of ran)
    if (verdict.ending === 'people called') {
      const reason = verdict.reason ?? 'none'
      reasons[reason] = (reasons[reason] ?? 0) + 1
    }
  return {
    runs: ran.length,
    seeds: [first, first + ran.length - 1],
    seconds: Math.round(seconds),
    deaths: ran.reduce((sum, { verdict }) => sum + verdict.deaths, 0),
    contained: count(({ ending }) => ending === 'contained'),
    peopleCalled: count(({ ending }) => ending === 'people called'),
    reasons,
    twoEffective: count(({ effective }) => effective > 1),
    secondMinedIdle: count(({ idle }) => idle > 0),
    fillersMined: count(({ fillers }) => fillers > 0),
    several: count(({ attempts }) => attempts > 1),
    violating: ran.filter(({ verdict }) => verdict.violations.length > 0).map(({ it }) => it.seed),
  }
}

function report(ran: readonly Ran[], seconds: number): void {
  const summary = summaryOf(ran, seconds)
  if (values.json) return void process.stdout.write(`${JSON.stringify(summary)}\n`)
  process.stdout.write(`${tableOf(ran)}\n\n${JSON.stringify(summary, null, 2)}\n`)
}

/** Crash point × fault: runs contained / people called / violating; `–` if the point was not reached. */
function tableOf(ran: readonly Ran[]): string {
  const points = [null, ...crashPoints]
  const rows = points.map((point) => [
    point ?? 'no death',
    ...faultKinds.map((kind) =>
      cellOf(ran.filter(({ it }) => it.point === point && it.kinds.includes(kind))),
    ),
  ])
  const head = `| crash point | ${faultKinds.join(' | ')} |`
  const line = `|${' --- |'.repeat(faultKinds.length + 1)}`
  return [head, line, ...rows.map((cells) => `| ${cells.join(' | ')} |`)].join('\n')
}

function cellOf(ran: readonly Ran[]): string {
  if (ran.length === 0) return ''
  const contained = ran.filter(({ verdict }) => verdict.ending === 'contained').length
  const called = ran.filter(({ verdict }) => verdict.ending === 'people called').length
  const violating = ran.filter(({ verdict }) => verdict.violations.length > 0).length
  const unreached = ran.filter(({ verdict }) => verdict.skipped.length > 0).length
  return [
    `${contained} + ${called}`,
    ...(unreached > 0 ? [`(${unreached} not come to)`] : []),
    ...(violating > 0 ? [`**${violating}**`] : []),
  ].join(' ')
}
