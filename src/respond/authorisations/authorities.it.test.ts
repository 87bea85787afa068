import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { keepingLogger } from '../../../test/harness/api.ts'
import {
  becomeSafe,
  becomeTimelock,
  deployRoles,
  isPaused,
  people,
  person,
  sendAs,
} from '../../../test/harness/authority-world.ts'
import { startCordon } from '../../../test/harness/cordon-process.ts'
import { installationAt } from '../../../test/harness/installation.ts'
import { type FreshDatabase, freshDatabase } from '../../../test/harness/postgres.ts'
import { type RunningApp, startApp } from '../../app/start.ts'
import { createRpc, type Rpc } from '../../chain/rpc/rpc.ts'
import { type Anvil, startAnvil } from '../../chain/sandbox/anvil.ts'
import { readSafe } from '../../contain/routes/safe.ts'
import type { Signer } from '../../contain/signers/signer.ts'
import { addressOf } from '../../drills/accounts.ts'
import { sendAttackOnce } from '../../drills/attacks.ts'
import { drillConfig } from '../../drills/config.ts'
import { deployDrill } from '../../drills/deploy.ts'
import type { DrillDeployment } from '../../drills/deployment.ts'
import type { Config } from '../../model/config.ts'
import type { TimelineEntry } from '../../model/timeline.ts'
import { createHub, type LiveEvent } from '../../notify/hub.ts'
import { listBroadcasts } from '../../store/broadcasts.ts'
import { listIncidents } from '../../store/incidents.ts'
import { permitFor } from '../levers/permit.ts'
import { importPresigned, presignRequests } from '../levers/presign.ts'

/* A real incident on the drill's contracts, whose guardian is a Safe 1.4.1: what Cordon does with the owners it has. */

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const guardian = addressOf('guardian')
const owners = people.slice(0, 3).map(({ address }) => address)

type Stage = {
  anvil: Anvil
  rpc: Rpc
  at: DrillDeployment
  config: Config
  database: FreshDatabase
  logger: ReturnType<typeof keepingLogger>
  events: LiveEvent[]
  written: string[]
  folder: string
  env: Record<string, string>
}

async function stage(): Promise<Stage> {
  const anvil = await startAnvil({ mining: { kind: 'auto' } })
  closers.push(anvil.stop)
  const rpc = createRpc({ urls: [anvil.url] })
  closers.push(rpc.close)
  const at = await deployDrill(anvil.url)
  await becomeSafe(rpc, guardian, { owners, threshold: 2 })
  const database = await freshDatabase()
  closers.push(database.drop)
  const folder = await mkdtemp(join(tmpdir(), 'cordon-authorities-'))
  closers.push(() => rm(folder, { recursive: true, force: true }))
  const { config } = await drillConfig({
    deployment: at,
    rpcUrl: anvil.url,
    dataDir: folder,
    apiPort: 0,
    respond: true,
    mempool: false,
    now: Math.floor(Date.now() / 1000),
    installation: await installationAt(database.url),
  })
  const env = { DATABASE_URL: database.url }
  return { anvil, rpc, at, config, database, logger: keepingLogger(), events: [], written: [], folder, env }
}

async function start(it: Stage, signers: readonly Signer[]): Promise<RunningApp> {
  const hub = createHub()
  hub.listen((event) => {
    it.events.push(event)
  })
  const { config, env, logger } = it
  const running = await startApp({
    config,
    env,
    logger,
    hub,
    signers,
    write: (line) => it.written.push(line),
  })
  closers.push(running.stop)
  return running
}

/** Waits for what is said on the timeline. */
async function said(it: Stage, kind: TimelineEntry['kind'], words: RegExp): Promise<TimelineEntry> {
  const find = () =>
    it.events.find((event) => event.type === 'timeline' && event.kind === kind && words.test(event.message))
  await expect.poll(find).toBeDefined()
  return find() as TimelineEntry
}

test('with as many owners’ keys as the Safe wants, the incident is contained through it', async () => {
  const it = await stage()
  const running = await start(it, people.slice(0, 2))
  await sendAttackOnce(it.at, it.anvil.url, { kind: 'reentrancy' })
  await said(it, 'plan', /through the Safe/)
  await said(it, 'state', /open → contained/)
  expect(await isPaused(it.rpc, it.at.ethReserve)).toBe(true)
  const [incident] = await listIncidents(running.app.store)
  const broadcasts = await listBroadcasts(running.app.store, incident?.id ?? '')
  expect(broadcasts.map(({ state, from }) => [state, from])).toEqual([['mined', person(0).address]])
})

test('with an owner too few it is proposed: SafeTx hash and nonce on the timeline, nothing sent', async () => {
  const it = await stage()
  await start(it, [person(0)])
  await sendAttackOnce(it.at, it.anvil.url, { kind: 'reentrancy' })
  const entry = await said(it, 'plan', /^Nothing was sent because/)
  expect(entry.message).toMatch(
    /too few owners of the Safe .* have signed.*Its owners sign SafeTx 0x[0-9a-f]{64} \(nonce 0/,
  )
  expect(await isPaused(it.rpc, it.at.ethReserve)).toBe(false)
})

/** Has owners sign a file of requests, as they would with their wallets. */
async function signFile(it: Stage, signers: readonly Signer[]): Promise<string> {
  const { config, at } = it
  const presigned = await presignRequests({ config, target: at.ethReserve, safe: guardian, nonce: null })
  const signed = await Promise.all(
    presigned.map(async (request) => ({
      ...request,
      signatures: await Promise.all(signers.map((signer) => signer.signTypedData(request.typedData))),
    })),
  )
  const file = join(it.folder, `presigned-${signers.length}.json`)
  const text = JSON.stringify({ presigned: signed }, (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  await writeFile(file, text)
  return file
}

test('what owners signed beforehand contains the incident without a key of theirs', async () => {
  const it = await stage()
  const file = await signFile(it, people.slice(1, 3))
  const imported = await importPresigned({ ...it, file })
  expect(imported.map(({ owner, problem }) => [owner, problem])).toEqual(
    people.slice(1, 3).map(({ address }) => [address, null]),
  )
  await start(it, [person(4)])
  await sendAttackOnce(it.at, it.anvil.url, { kind: 'reentrancy' })
  await said(it, 'state', /open → contained/)
  expect(await isPaused(it.rpc, it.at.ethReserve)).toBe(true)
})

test('signatures that are a stranger’s, or over something else, are not taken in', async () => {
  const it = await stage()
  const file = await signFile(it, [person(4)])
  expect((await importPresigned({ ...it, file })).map(({ problem }) => problem)).toEqual([
    'it is not an owner’s signature over this call, Safe and nonce',
  ])
  const other = (await readFile(await signFile(it, people.slice(0, 2)), 'utf8')).replaceAll(
    it.at.ethReserve,
    it.at.optionsVault,
  )
  await writeFile(file, other)
  expect((await importPresigned({ ...it, file })).map(({ owner }) => owner)).toEqual([null, null])
})

test('when the Safe’s nonce moves, people are told once that what was signed beforehand is dead', async () => {
  const it = await stage()
  await importPresigned({ ...it, file: await signFile(it, people.slice(0, 2)) })
  const nonceSlot = `0x${(5).toString(16).padStart(64, '0')}`
  await start(it, [person(4)])
  await it.rpc.request('anvil_setStorageAt', [guardian, nonceSlot, `0x${'1'.padStart(64, '0')}`])
  await it.rpc.request('anvil_mine', ['0x3'])
  const told = () =>
    [
      ...it.written
        .join(' ')
        .replace(/\s+/g, ' ')
        .matchAll(/pre-signed call for .{1,80}? is no longer valid/g),
    ].length
  await expect.poll(told).toBeGreaterThan(0)
  const once = told()
  await it.rpc.request('anvil_mine', ['0x3'])
  await expect
    .poll(() => it.events.filter((event) => event.type === 'block').length)
    .toBeGreaterThan(Number(await it.rpc.request('eth_blockNumber', [])) - it.at.firstBlock)
  expect(told()).toBe(once)
  expect(JSON.stringify(it.logger.lines)).toContain('nonce 0 of the Safe')
})

test('a member of a role contains the incident with what `levers authorize-role` wrote, alone', async () => {
  const it = await stage()
  const member = person(4)
  const modifier = await deployRoles(it.rpc, guardian)
  const { calls } = await permitFor({
    config: it.config,
    target: it.at.ethReserve,
    safe: guardian,
    modifier,
    member: member.address,
    role: 'pausers',
  })
  for (const call of calls) await sendAs(it.rpc, guardian, call)
  const running = await start(it, [member])
  await sendAttackOnce(it.at, it.anvil.url, { kind: 'reentrancy' })
  await said(it, 'plan', /through the Roles modifier/)
  await said(it, 'state', /open → contained/)
  expect(await isPaused(it.rpc, it.at.ethReserve)).toBe(true)
  const [incident] = await listIncidents(running.app.store)
  const broadcasts = await listBroadcasts(running.app.store, incident?.id ?? '')
  expect(broadcasts.map(({ from }) => from)).toEqual([member.address])
  const safe = await readSafe({ rpc: it.rpc, block: 'latest' }, { chainId: 31_337, address: guardian })
  expect(safe?.nonce).toBe(0)
})

test('behind a timelock the pause is scheduled once, the time is told, and it is executed when it may be', async () => {
  const it = await stage()
  const proposer = person(4)
  await becomeTimelock(it.rpc, guardian, { proposer: proposer.address, delay: 4 })
  await it.rpc.request('evm_setIntervalMining', [1])
  const running = await start(it, [proposer])
  await sendAttackOnce(it.at, it.anvil.url, { kind: 'reentrancy' })
  await said(it, 'broadcast', /^Sent the schedule of pause\(\)/)
  await said(
    it,
    'plan',
    /^Scheduled pause\(\) of EthReserve; it can be executed at 20\d\d-.*Nothing is stopped until then/,
  )
  await said(it, 'state', /open → contained/)
  expect(await isPaused(it.rpc, it.at.ethReserve)).toBe(true)
  const [incident] = await listIncidents(running.app.store)
  expect(await listBroadcasts(running.app.store, incident?.id ?? '')).toHaveLength(2)
})

test('a delay that is longer than a run waits for is scheduled and told, and nobody says contained', async () => {
  const it = await stage()
  await becomeTimelock(it.rpc, guardian, { proposer: person(4).address, delay: 172_800 })
  const running = await start(it, [person(4)])
  await sendAttackOnce(it.at, it.anvil.url, { kind: 'reentrancy' })
  await said(it, 'plan', /^Scheduled pause\(\)/)
  await said(it, 'step', /^Step report succeeded$/)
  const [incident] = await listIncidents(running.app.store)
  expect(incident?.state).toBe('open')
  expect(await isPaused(it.rpc, it.at.ethReserve)).toBe(false)
})

test('at the command line: what owners sign is written, taken in, seen by doctor; a role’s permissions are a batch', async () => {
  const it = await stage()
  const run = async (...args: string[]) => {
    const cordon = startCordon({ args, cwd: it.folder, env: it.env })
    const { code } = await cordon.ended
    return { code, lines: cordon.lines, stderr: cordon.stderr() }
  }
  const config = join(it.folder, 'cordon.config.json')
  const { chains } = it.config
  await writeFile(config, JSON.stringify({ chains: [{ chainId: 31_337, rpcUrls: chains[0]?.rpcUrls }] }))
  const asked = await run('levers', 'presign', it.at.ethReserve, '--safe', guardian, '-o', 'pause.json')
  expect(asked).toMatchObject({
    code: 0,
    lines: [{ type: 'presign', lever: 'pause()', nonce: 0, threshold: 2 }],
  })
  const file = join(it.folder, 'pause.json')
  const { presigned } = JSON.parse(await readFile(file, 'utf8'))
  presigned[0].signatures = [await person(0).signTypedData(presigned[0].typedData)]
  await writeFile(file, JSON.stringify({ presigned }))
  const taken = await run('levers', 'presign', '--import', 'pause.json')
  expect(taken).toMatchObject({ code: 0, lines: [{ owner: person(0).address, problem: null }] })
  const checks = async () =>
    (await run('doctor')).lines.filter(({ name }) => /^signed beforehand/.test(String(name)))
  expect(await checks()).toMatchObject([{ state: 'ok' }])
  await it.rpc.request('anvil_setStorageAt', [
    guardian,
    `0x${'5'.padStart(64, '0')}`,
    `0x${'1'.padStart(64, '0')}`,
  ])
  await it.rpc.request('anvil_mine', ['0x1'])
  expect(await checks()).toMatchObject([
    { state: 'warning', detail: expect.stringMatching(/^dead: 1 owners/) },
  ])
  const modifier = await deployRoles(it.rpc, guardian)
  const member = person(4).address
  const permit = await run(
    ...['levers', 'authorize-role', it.at.ethReserve, '--safe', guardian],
    ...['--modifier', modifier, '--member', member, '-o', 'batch.json'],
  )
  expect(permit.code).toBe(0)
  const batch = JSON.parse(await readFile(join(it.folder, 'batch.json'), 'utf8'))
  expect(batch).toMatchObject({ version: '1.0', chainId: '31337' })
  expect(batch.transactions.map(({ to }: { to: string }) => to)).toEqual([
    guardian,
    modifier,
    modifier,
    modifier,
  ])
  const wrong = await run('levers', 'presign', it.at.ethReserve, '--safe', it.at.usdc)
  expect(wrong.stderr).toContain('app.NotASafe')
})
