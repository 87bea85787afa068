import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { loadPlaybooks, playbookFiles } from '../files/playbooks.ts'
import { categories } from '../model/category.ts'
import type { Parts, Step } from '../model/playbook.ts'
import { attackedKinds, protocolKinds } from '../model/protocol-kind.ts'
import { roleIds, rolesOf } from '../model/role.ts'
import { choosePlaybook } from '../playbooks/choose.ts'
import { walk } from '../playbooks/walk.ts'
import { actionKinds } from './actions/registry.ts'
import { findPlaybookNamed, lacking, lintPlaybooks } from './playbooks.ts'

const shipped = await loadPlaybooks(undefined, actionKinds)

test('ten playbooks are shipped, each valid, under the name of its file, and with its schema for editors', async () => {
  const files = await playbookFiles(undefined)
  expect(files).toHaveLength(10)
  expect((await lintPlaybooks(undefined)).map(({ error }) => error)).toEqual(files.map(() => null))
  for (const [index, file] of files.entries()) {
    expect(file.endsWith(`/${shipped[index]?.playbook.id}.yaml`)).toBe(true)
    expect(await readFile(file, 'utf8')).toMatch(/^# yaml-language-server: \$schema=\.\.\/docs/)
  }
})

test.each(shipped.map(({ playbook }) => [playbook.id, playbook] as const))(
  '%s gives people of known roles concrete work, with an end, and uses actions that there are',
  (_, playbook) => {
    const steps = [...walk(playbook.steps)].map(({ step }) => step)
    const asked = steps.flatMap((step) =>
      'task' in step ? step.task : 'approval' in step ? step.approval : [],
    )
    expect(asked.length).toBeGreaterThanOrEqual(4)
    for (const { roles, instructions } of asked) {
      expect(roles.every((role) => roleIds.includes(role))).toBe(true)
      expect(instructions.length).toBeGreaterThan(20)
    }
    for (const step of steps)
      if ('action' in step) expect(actionKinds.map(({ name }) => name)).toContain(step.action)
    expect(steps.some((step) => 'action' in step && step.action === 'report') || playbook.id === 'x').toBe(
      true,
    )
  },
)

test.each([
  [['reentrancy'], 'vault', 'exploit-in-progress'],
  [['drain'], 'lending', 'exploit-in-progress'],
  [['arbitrary-call', 'approval-abuse'], 'exchange', 'exploit-in-progress'],
  [['price-manipulation', 'drain'], 'lending', 'oracle-manipulation'],
  [['donation'], 'vault', 'oracle-manipulation'],
  [['governance'], 'token', 'governance-attack'],
  [['key-compromise'], 'vault', 'key-compromise'],
  [['access-control', 'role-change'], 'vault', 'exploit-in-progress'],
  [['role-change'], 'vault', 'key-compromise'],
  [['safe-spoof'], 'other', 'key-compromise'],
  [['unbacked-mint'], 'vault', 'exploit-in-progress'],
  [['unbacked-mint'], 'stablecoin', 'stablecoin-depeg'],
  [['signature-replay'], 'vault', 'exploit-in-progress'],
  [['signature-replay'], 'bridge', 'bridge-anomaly'],
  [['bridge-forgery', 'drain'], 'bridge', 'bridge-anomaly'],
  [['bridge-forgery', 'drain'], 'other', 'bridge-anomaly'],
  [['bridge-forgery', 'drain'], 'vault', 'exploit-in-progress'],
  [['invariant', 'invariant-declared'], 'vault', 'exploit-in-progress'],
  [['invariant', 'invariant-declared'], 'option', 'options-settlement-dispute'],
  [['option-abuse', 'settlement', 'price-manipulation'], 'other', 'options-settlement-dispute'],
  [['approval-drain'], 'token', 'front-end-compromise'],
  [['network'], 'other', 'chain-halt-or-reorg'],
  [['words of a rule of ours'], 'perp', 'exploit-in-progress'],
] as const)('an incident of %j on a protocol of the kind %s takes %s', (names, kind, id) => {
  const attacked = {
    severity: 'high' as const,
    categories: [...names],
    protocols: attackedKinds([kind], names),
  }
  expect(choosePlaybook(shipped, attacked)?.playbook.id).toBe(id)
})

test('every category that a detector can name has one playbook on every kind of protocol, which contains and pulls what is approved, or says why not', () => {
  expect(lacking(shipped, true).map(({ message }) => message)).toEqual([])
  const silent = shipped.filter(({ playbook }) => playbook.notContained !== undefined)
  expect(silent.map(({ playbook }) => playbook.id)).toEqual(['chain-halt-or-reorg', 'front-end-compromise'])
})

test('whatever takes funds from a contract is contained at once, beside the page', () => {
  for (const category of categories) {
    const [pinned] = protocolKinds.flatMap((kind) => {
      const attacked = { severity: 'critical' as const, categories: [category], protocols: [kind] }
      return choosePlaybook(shipped, attacked) ?? []
    })
    if (pinned === undefined || pinned.playbook.notContained !== undefined) continue
    const firsts = firstSteps(pinned.playbook.steps, pinned.parts ?? {})
    expect(firsts).toEqual(expect.arrayContaining(['contain', 'notify']))
  }
})

function firstSteps([first]: readonly Step[], parts: Parts): string[] {
  if (first === undefined) return []
  if ('action' in first) return [first.action]
  if ('playbook' in first) return firstSteps(parts[first.playbook] ?? [], parts)
  return 'parallel' in first ? first.parallel.flatMap((branch) => firstSteps(branch, parts)) : []
}

test('an unknown playbook is told of with those that there are', async () => {
  await expect(findPlaybookNamed(undefined, 'nothing')).rejects.toMatchObject({ code: 'app.UnknownPlaybook' })
})

test('the roles of a person are those that the configuration gives his name', () => {
  const roles = { guardian: [{ name: 'Ann', channels: [] }], auditor: [{ name: 'Bob', channels: [] }] }
  expect(rolesOf(roles, 'Ann')).toEqual(['guardian'])
  expect(rolesOf(roles, 'ann')).toEqual([])
})
