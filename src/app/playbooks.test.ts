import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { roleIds } from '../model/role.ts'
import { choosePlaybook } from '../playbooks/choose.ts'
import { walk } from '../playbooks/walk.ts'
import { knownActions } from './actions/known.ts'
import { loadPlaybooks, playbookFiles } from './playbook-files.ts'
import { findPlaybookNamed, lintPlaybooks, rolesOf } from './playbooks.ts'

const shipped = await loadPlaybooks(undefined, knownActions)

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
      if ('action' in step) expect(knownActions.map(({ name }) => name)).toContain(step.action)
    expect(steps.some((step) => 'action' in step && step.action === 'report') || playbook.id === 'x').toBe(
      true,
    )
  },
)

test.each([
  [['reentrancy'], 'exploit-in-progress'],
  [['drain'], 'exploit-in-progress'],
  [['arbitrary-call', 'approval-abuse'], 'exploit-in-progress'],
  [['price-manipulation', 'drain'], 'oracle-manipulation'],
  [['donation'], 'oracle-manipulation'],
  [['governance'], 'governance-attack'],
  [['key-compromise'], 'key-compromise'],
  [['access-control'], 'key-compromise'],
  [['safe-spoof'], 'key-compromise'],
  [['unbacked-mint'], 'stablecoin-depeg'],
  [['signature-replay'], 'bridge-anomaly'],
  [['invariant', 'invariant-declared'], 'options-settlement-dispute'],
  [['approval-drain'], 'front-end-compromise'],
  [['network'], 'chain-halt-or-reorg'],
])('an incident of %j takes %s', (categories, id) => {
  expect(choosePlaybook(shipped, { severity: 'high', categories })?.playbook.id).toBe(id)
})

test('whatever takes funds from a contract is contained at once, beside the page', () => {
  for (const categories of [
    ['drain'],
    ['price-manipulation'],
    ['governance'],
    ['access-control'],
    ['unbacked-mint'],
  ]) {
    const pinned = choosePlaybook(shipped, { severity: 'critical', categories })
    const [first] = pinned?.playbook.steps ?? []
    const steps = first && 'playbook' in first ? (pinned?.parts?.[first.playbook] ?? []) : [first]
    const [act] = steps
    const heads = act && 'parallel' in act ? act.parallel.map(([step]) => step) : []
    const does = new Set(heads.map((step) => (step && 'action' in step ? step.action : '')))
    expect([...does]).toEqual(['contain', 'notify'])
  }
})

test('an unknown playbook is told of with those that there are', async () => {
  await expect(findPlaybookNamed(undefined, 'nothing')).rejects.toMatchObject({ code: 'app.UnknownPlaybook' })
})

test('the roles of a person are those that the configuration gives his name', () => {
  const roles = { guardian: [{ name: 'Ann', channels: [] }], auditor: [{ name: 'Bob', channels: [] }] }
  expect(rolesOf(roles, 'Ann')).toEqual(['guardian'])
  expect(rolesOf(roles, 'ann')).toEqual([])
})
