import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { attack, closeStages, head, type Stage, said, sawBlock, stage } from '../../../test/harness/stage.ts'
import { authorisationTypedData } from '../../contain/approval/authorise.ts'
import { addressOf, drillAccount } from '../../drills/accounts.ts'
import type { StandingAuthorisation } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import { listBroadcasts } from '../../store/broadcasts.ts'
import { listIncidents } from '../../store/incidents.ts'

afterEach(closeStages)

type Contract = 'ethReserve' | 'lendingMarket' | 'optionsVault'
type Named = { target: Contract; lever: string }

/** An attack on `ethReserve`, answered by a playbook that pulls these levers, by a Cordon that may act alone on `allowed`. */
async function stageWith(named: readonly Named[], order: string, allowed: Contract): Promise<Stage> {
  const file = join(await mkdtemp(join(tmpdir(), 'cordon-named-')), 'named.yaml')
  const it = await stage(async (config, at, installation) => {
    const levers = named.map(({ target, lever }) => `{ target: "${at[target]}", lever: ${lever} }`)
    await writeFile(file, playbook(levers.join(', '), order))
    const authorisations = [await authorisationFor(at[allowed], at.chainId, installation)]
    return { ...config, authorisations, respond: { ...config.respond, playbooks: [file] } }
  })
  await it.until(sawBlock(await head(it.node)))
  await attack(it)
  return it
}

const playbook = (levers: string, order: string): string => `
id: named
title: Levers by name
owner: incident-leader
level: test
description: For a test.
when: { severity: high }
steps:
  - { id: contain, action: contain, args: { action: levers, order: ${order}, levers: [${levers}] } }
  - { id: report, action: report, args: { formats: [markdown] } }
`

async function authorisationFor(
  target: Address,
  chainId: number,
  installation: string | null,
): Promise<StandingAuthorisation> {
  const now = Math.floor(Date.now() / 1000)
  const terms = {
    installation,
    chainId,
    targets: [target],
    selectors: ['0x8456cb59' as const],
    maxActions: 3,
    validFrom: now - 60,
    validUntil: now + 3_600,
  }
  const signature = await drillAccount('guardian').signTypedData(authorisationTypedData(terms))
  return { ...terms, signer: addressOf('guardian'), signature }
}

test('a step that names an address outside the standing authorisation is not obeyed', async () => {
  const it = await stageWith(
    [
      { target: 'lendingMarket', lever: 'pause/pause' },
      { target: 'ethReserve', lever: 'pause/pause' },
    ],
    'together',
    'ethReserve',
  )
  await it.until(
    said(
      'plan',
      new RegExp(`^Nothing was sent because.*does not name the target.*call ${it.at.lendingMarket}`),
    ),
  )
  await it.until(said('broadcast', /^Sent pause/))
  await it.node.request('evm_mine', [])
  await it.until(said('step', /^Step report succeeded$/))
  const [incident] = await listIncidents(it.running.app.store)
  const sent = await listBroadcasts(it.running.app.store, incident?.id ?? '')
  expect(sent).toHaveLength(1)
  const paused = (target: Address) =>
    it.node.request('eth_call', [{ to: target, data: '0x5c975abb' }, 'latest']).then(Number)
  expect([await paused(it.at.ethReserve), await paused(it.at.lendingMarket)]).toEqual([1, 0])
})

test('levers in order: the second waits for the first to hold, and is not pulled where it does not', async () => {
  const it = await stageWith(
    [
      { target: 'lendingMarket', lever: 'pause/pause' },
      { target: 'ethReserve', lever: 'pause/pause' },
    ],
    'in-order',
    'ethReserve',
  )
  await it.until(said('step', /^Step report succeeded$/))
  const [incident] = await listIncidents(it.running.app.store)
  expect(await listBroadcasts(it.running.app.store, incident?.id ?? '')).toEqual([])
})

test('a lever that the contract does not have fails, and the others are pulled', async () => {
  const it = await stageWith(
    [
      { target: 'ethReserve', lever: 'pause/halt' },
      { target: 'ethReserve', lever: 'pause/pause' },
    ],
    'together',
    'ethReserve',
  )
  await it.until(said('error', /offers no lever pause\/halt/))
  await it.until(said('broadcast', /^Sent pause/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /→ contained/))
})
