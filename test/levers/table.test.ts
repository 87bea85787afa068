import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { leverTemplates } from '../../src/contain/levers/registry.ts'
import type { LeverTemplate } from '../../src/contain/levers/template.ts'
import type { Probed } from '../harness/lever-matrix.ts'

const folder = new URL('./probed/', import.meta.url)
const probed = new Map(
  readdirSync(folder)
    .flatMap((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Probed[])
    .map((line) => [line.template, line] as const),
)
const claiming = leverTemplates.filter(({ claims }) => Object.keys(claims).length > 0)

test('a template that claims an effect was probed, or says that it was tried on nothing', () => {
  const unproven = claiming.filter(({ id, tried }) => tried !== null && !probed.has(id))
  expect(unproven.map(({ id }) => id)).toEqual([])
})

test('a template that says it was tried on nothing was not probed', () => {
  const proven = leverTemplates.filter(({ id, tried }) => tried === null && probed.has(id))
  expect(proven.map(({ id }) => id)).toEqual([])
})

test('what is on record as probed is a template that there is', () => {
  const known = new Set(leverTemplates.map(({ id }) => id))
  expect([...probed.keys()].filter((id) => !known.has(id))).toEqual([])
})

test('what belongs together is a template that there is', () => {
  const known = new Set(leverTemplates.map(({ id }) => id))
  const named = leverTemplates.flatMap(({ together = [] }) => together)
  expect(named.filter((id) => !known.has(id))).toEqual([])
})

test('the ids of templates are unique', () => {
  const ids = leverTemplates.map(({ id }) => id)
  expect(ids).toEqual([...new Set(ids)])
})

test('docs/levers.md is what the templates claim and what was probed', async () => {
  const path = fileURLToPath(new URL('../../docs/levers.md', import.meta.url))
  await expect(table()).toMatchFileSnapshot(path)
})

function table(): string {
  const listed = listedTemplates()
  const protocols = [...new Set(listed.map(({ protocol }) => protocol))]
  return [
    '# Levers',
    '',
    'Every lever template: what it calls, what it does to each operation, and on which bytecode that was tried. Made by',
    '`npx vitest run test/levers --update` from the templates in `src/contain/levers/` and from what the matrix tests probed;',
    'do not edit it. *package*: code that the protocol published. *fixture*: a contract of ours that copies the checks of the',
    'protocol’s sources. *untried*: only what the sources say.',
    ...protocols.flatMap((protocol) => ['', `## ${protocol}`, '', ...section(protocol)]),
    '',
    ...switches(),
    '',
  ].join('\n')
}

/** By name alone: switches, caps and lists that nobody tried. */
const isSwitch = ({ id, tried }: LeverTemplate): boolean =>
  id.startsWith('switch/') || (tried === null && /^(cap|token-list)\//.test(id))

/** Too many for a table: what each does is in its name, and tried before anything is pulled. */
function switches(): string[] {
  const signatures = leverTemplates.filter(isSwitch).map(({ signature }) => signature)
  return [
    '## Switches by name',
    '',
    `Besides these, ${signatures.length} functions are known by name alone, whoever wrote them: \`setEmergency(bool)\`,`,
    '`kill()`, `pauseDeposits()`, `setTradingEnabled(bool)` (pulled with false), `setMarketPaused(address,bool)` on a contract',
    'that rules others, and so on. Each is looked for in the contract and in the rest of its protocol; what it blocks is only',
    'known once it is tried. All of them are in `src/contain/levers/switches.ts`. Caps (`setDepositCap(uint256)` with',
    '`depositCap()`, set to 1 base unit) are in `vault-caps.ts` and lists of issuers (`setBlacklisted(address,bool)`, …) in',
    '`issuer.ts` there; neither is ever pulled without people.',
    '',
    'What all of this finds on the real code and storage of 18 attacked protocols: [levers of real',
    'contracts](levers-on-real-contracts.md).',
  ]
}

function listedTemplates(): LeverTemplate[] {
  return leverTemplates.filter((template) => !isSwitch(template))
}

function section(protocol: string): string[] {
  const templates = listedTemplates().filter(({ protocol: whose }) => whose === protocol)
  return [
    '| lever | calls | class | blocks | leaves open | tried on | says that it is pulled | taken back |',
    '|---|---|---|---|---|---|---|---|',
    ...templates.map(row),
    ...templates.flatMap(notes),
  ]
}

function row(template: LeverTemplate): string {
  const { id, signature, kind, breadth, tried, needs = [] } = template
  const line = probed.get(id)
  const given = needs.length === 0 ? '' : ` given ${needs.map((name) => `\`${name}\``).join(', ')}`
  return [
    '',
    `\`${id}\``,
    `\`${signature}\`${given}`,
    `${kind} of ${breadth}`,
    kinds(template, 'blocked'),
    kinds(template, 'open'),
    tried === null ? 'untried' : `${tried.on}: ${tried.what}`,
    line === undefined ? '–' : line.state === 'said' ? 'yes' : 'no view',
    line === undefined ? '–' : line.undo === 'restores' ? 'yes' : 'no',
    '',
  ]
    .join(' | ')
    .trim()
}

/** The probed effects; a claimed effect that was not probed is marked. */
function kinds({ id, claims }: LeverTemplate, effect: 'blocked' | 'open'): string {
  const line = probed.get(id)
  const found = Object.entries(line?.effects ?? {}).filter(([, seen]) => seen === effect)
  const named = Object.entries(line?.others ?? {}).filter(([, seen]) => seen === effect)
  const claimed = Object.entries(claims).filter(
    ([kind, said]) => said === effect && !(kind in (line?.effects ?? {})),
  )
  return [
    ...found.map(([kind]) => kind),
    ...named.map(([name]) => `*${name}*`),
    ...claimed.map(([kind]) => `${kind} (untried)`),
  ].join(', ')
}

function notes(template: LeverTemplate): string[] {
  const { id, trap, zeroMeaning, maxDurationSeconds, together = [] } = template
  const lines = [
    ...(trap === undefined ? [] : [trap]),
    ...(zeroMeaning === undefined ? [] : [zeroMeaning]),
    ...(together.length === 0 ? [] : [`not alone: ${together.map((other) => `\`${other}\``).join(' and ')}`]),
    ...(maxDurationSeconds === undefined ? [] : [`ends by itself after ${maxDurationSeconds} s`]),
  ]
  return lines.length === 0 ? [] : ['', `\`${id}\`: ${lines.join('. ')}.`]
}
