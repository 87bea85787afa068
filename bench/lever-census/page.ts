import type { Address, Hex } from '../../src/model/hex.ts'
import { functionNames } from '../../src/names/function-names.ts'
import type { CensusOf, LeverRow } from './census.ts'

/** The docs page of the census. */
export function pageOf(all: readonly CensusOf[]): string {
  return [
    '# Levers of real contracts',
    '',
    'Real code and storage of 18 attacked protocols at the block before the attack, forked; every lever that Cordon finds on the',
    'attacked contracts, those that lost, and those that they name or ask; who may pull it; and whether the recorded attack, made again',
    'after it, still goes through. Made by `node dist/bench/lever-census.js`; do not edit it.',
    '',
    'The recorded state holds only what the attack touched. Where an owner’s slot is not in it, a test key is put in the',
    'owner’s place to try the lever (*test key*). Where an attack cannot be made again, the recorded test was given tokens by',
    'writing storage, which no trace shows.',
    '',
    '| protocol | contracts | related | levers: own, elsewhere, by probing | attack made again | stopped by |',
    '|---|---|---|---|---|---|',
    ...all.map(summary),
    ...all.flatMap(section),
    '',
    ...missedSection(all),
    '',
  ].join('\n')
}

function summary({ name, contracts, related, rows, isReplayed }: CensusOf): string {
  const count = (where: LeverRow['where']): number => rows.filter((row) => row.where === where).length
  const stops = [
    ...new Set(
      rows
        .filter(({ attack }) => attack === 'stopped')
        .map((row) => `\`${row.lever.signature}\`${mark(row)}`),
    ),
  ]
  const by = stops.length === 0 ? (isReplayed ? 'nothing found' : '–') : shortened(stops)
  return `| ${name} | ${contracts} | ${related} | ${count('own')}, ${count('related')}, ${count('probed')} | ${isReplayed ? 'yes' : 'not replayable'} | ${by} |`
}

function shortened(texts: readonly string[]): string {
  const most = 4
  return texts.slice(0, most).join(', ') + (texts.length > most ? ` and ${texts.length - most} more` : '')
}

const mark = ({ where }: LeverRow): string =>
  ({ own: '', related: ' (elsewhere)', probed: ' (by probing)' })[where]

function section({ name, protectedContracts, rows }: CensusOf): string[] {
  const head = ['', `## ${name}`, '', `Protected: ${protectedContracts.map(short).join(', ')}.`, '']
  if (rows.length === 0)
    return [...head, 'No lever: none by any name that Cordon knows, and none by probing.']
  return [
    ...head,
    '| lever | on | who may pull it | attack’s path blocked | the attack’s calls, with it pulled |',
    '|---|---|---|---|---|',
    ...grouped(rows),
  ]
}

/** Levers that differ only in the market are one line. */
function grouped(rows: readonly LeverRow[]): string[] {
  const lines = new Map<string, { row: LeverRow; count: number }>()
  for (const row of rows) {
    const key = [row.lever.signature, row.lever.target, row.who, row.attack, effects(row)].join('|')
    lines.set(key, { row, count: (lines.get(key)?.count ?? 0) + 1 })
  }
  return [...lines.values()].map(({ row, count }) => line(row, count))
}

function line(row: LeverRow, count: number): string {
  const { lever, who, isTestKey } = row
  const times = count === 1 ? '' : ` × ${count}`
  const whose = `${who.replace(/0x[0-9a-f]{40}/g, (address) => short(address as Address))}${isTestKey ? '; tried with a *test key*' : ''}`
  const state = lever.armed ? '' : ' (pulled already)'
  return `| \`${lever.signature}\`${times}${mark(row)}${state} | ${short(lever.target)} | ${whose} | ${verdict(row)} | ${effects(row)} |`
}

function verdict({ attack }: LeverRow): string {
  switch (attack) {
    case 'stopped':
      return '**yes**'
    case 'not-stopped':
      return 'no'
    case 'not-reproduced':
      return 'not replayable'
    default:
      return 'not tried: nobody may pull it'
  }
}

function effects({ effects: all }: LeverRow): string {
  const of = (wanted: string): string =>
    Object.entries(all)
      .filter(([, effect]) => effect === wanted)
      .map(([selector]) => `\`${functionNames.get(selector as Hex) ?? selector}\``)
      .join(' ')
  const parts = ['blocked', 'open']
    .map((effect) => [effect, of(effect)] as const)
    .filter(([, list]) => list !== '')
  return parts.length === 0
    ? 'unknown: none goes through by itself'
    : parts.map(([effect, list]) => `${effect} ${list}`).join('; ')
}

const short = (address: Address): string => `\`${address.slice(0, 8)}…${address.slice(-4)}\``

function missedSection(all: readonly CensusOf[]): string[] {
  const counts = new Map<string, { signature: string; reason: string; contracts: number }>()
  for (const { missed } of all)
    for (const each of missed) {
      const key = `${each.signature}|${each.reason}`
      counts.set(key, { ...each, contracts: each.contracts + (counts.get(key)?.contracts ?? 0) })
    }
  return [
    '## What sounds like a lever and is not offered',
    '',
    'Functions of all contracts of the 18 states whose name Cordon knows, that sound like a lever and that no lever calls.',
    '',
    '| function | contracts | why |',
    '|---|---|---|',
    ...[...counts.values()]
      .sort((a, b) => b.contracts - a.contracts || (a.signature < b.signature ? -1 : 1))
      .map(({ signature, contracts, reason }) => `| \`${signature}\` | ${contracts} | ${reason} |`),
  ]
}
