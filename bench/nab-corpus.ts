import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'
import type { NabProfile, NabWindow } from '../src/calibrate/nab.ts'
import type { Point } from '../src/detect/baselines/scorer.ts'

export type RecordedSeries = { name: string; rows: readonly Point[]; windows: readonly NabWindow[] }

const windowsSchema = z.record(z.string(), z.array(z.tuple([z.string(), z.string()])))
const weight = z.number()
const profilesSchema = z.record(
  z.string(),
  z.object({ CostMatrix: z.object({ tpWeight: weight, fpWeight: weight, fnWeight: weight }) }),
)

/** Every series that `windows.json` names, with its windows as rows. */
export function readSeries(folder: string): RecordedSeries[] {
  const windows = windowsSchema.parse(json(join(folder, 'windows.json')))
  return Object.entries(windows).map(([name, limits]) => {
    const rows = readRows(join(folder, 'data', `${name}.gz`))
    return { name, rows, windows: limits.map(([from, to]) => windowOf(rows, from, to)) }
  })
}

export function readProfiles(folder: string): Record<string, NabProfile> {
  const profiles = profilesSchema.parse(json(join(folder, 'profiles.json')))
  return Object.fromEntries(
    Object.entries(profiles).map(
      ([
        name,
        {
          CostMatrix: { tpWeight, fpWeight, fnWeight },
        },
      ]) => [name, { truePositive: tpWeight, falsePositive: fpWeight, falseNegative: fnWeight }],
    ),
  )
}

function readRows(path: string): Point[] {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n').slice(1)
  return lines.map((line) => {
    const [time = '', value = ''] = line.split(',')
    return { at: secondsOf(time), value: z.coerce.number().parse(value) }
  })
}

function windowOf(rows: readonly Point[], from: string, to: string): NabWindow {
  const [start, end] = [secondsOf(from), secondsOf(to)]
  return { first: rows.findIndex(({ at }) => at >= start), last: rows.findLastIndex(({ at }) => at <= end) }
}

const secondsOf = (time: string): number => Date.parse(`${time.replace(' ', 'T')}Z`) / 1_000
const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
