import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createRpc } from '../../src/chain/rpc/rpc.ts'
import type { Anvil } from '../../src/chain/sandbox/anvil.ts'
import { startAnvil } from '../../src/chain/sandbox/anvil.ts'
import { addressOf } from '../../src/drills/accounts.ts'
import { launchAttack } from '../../src/drills/attacks.ts'
import { deployDrill } from '../../src/drills/deploy.ts'
import type { DrillDeployment } from '../../src/drills/deployment.ts'
import { runTraffic } from '../../src/drills/traffic.ts'
import { sha256 } from '../../src/kit/json.ts'
import type { CordonOptions, RanCommand } from '../harness/cordon-process.ts'
import { runCordon, startCordon, writeDrillConfig } from '../harness/cordon-process.ts'
import { parseCsv } from '../harness/parse-csv.ts'
import type { FreshDatabase } from '../harness/postgres.ts'
import { freshDatabase, sqlOn } from '../harness/postgres.ts'
import { stixBundleSchema, stixFaults } from '../harness/stix-schema.ts'

const exec = promisify(execFile)

let anvil: Anvil
let at: DrillDeployment
let dir: string
let protect: string
let attackHash: string

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'manual' } })
  dir = await mkdtemp(join(tmpdir(), 'cordon-e2e-'))
  at = await deployDrill(anvil.url)
  await runTraffic(at, anvil.url, { rounds: 1, seed: 3 })
  const launched = await launchAttack(at, anvil.url, { kind: 'reentrancy', rounds: 1 })
  attackHash = launched.transactions[0]?.hash ?? ''
  protect = [at.optionsVault, at.lendingMarket, at.ethReserve].join()
})

afterAll(async () => {
  await anvil.stop()
  await rm(dir, { recursive: true, force: true })
})

const run = (args: readonly string[], env: CordonOptions['env'] = {}): Promise<RanCommand> =>
  runCordon({ args, cwd: dir, env })

const bundle = () => join(dir, 'drill.ndjson.gz')

test('what was recorded from a node is replayed with the same findings that a watch has', async () => {
  const recorded = await run([
    'record',
    '--rpc',
    anvil.url,
    '--from',
    '1',
    '--to',
    String(await head()),
    '-o',
    bundle(),
  ])
  expect(recorded.lines).toMatchObject([
    { type: 'recorded', first: 1, traces: expect.stringMatching(/^debug_/) },
  ])
  const replayed = await run(['replay', bundle(), '--protect', protect])
  const watched = await run([
    'watch',
    '--rpc',
    anvil.url,
    '--from',
    '1',
    '--blocks',
    String(await head()),
    '--protect',
    protect,
  ])
  const findings = (lines: Record<string, unknown>[]) => lines.filter(({ type }) => type === 'finding')
  expect(
    findings(replayed.lines)
      .filter(({ severity }) => severity !== 'low')
      .map((line) => line['detector'])
      .sort(),
  ).toEqual(['drain', 'reentrancy'])
  expect(findings(watched.lines)).toEqual(findings(replayed.lines))
  expect(replayed.lines.at(-1)).toMatchObject({ type: 'summary', incidents: 1, blind: [] })
  expect([recorded.code, replayed.code, watched.code]).toEqual([0, 0, 0])
})

test('an attack is investigated from a file and from a node alike', async () => {
  const fromFile = await run(['investigate', bundle(), '--tx', attackHash, '--protect', protect])
  const fromNode = await run(['investigate', anvil.url, '--tx', attackHash, '--protect', protect])
  const [file] = fromFile.lines
  const [node] = fromNode.lines
  expect(file).toMatchObject({
    type: 'investigation',
    transactions: [{ hash: attackHash, succeeded: true, movementsFrom: 'logs' }],
    rootCause: { category: 'reentrancy' },
    victims: [{ address: at.ethReserve }],
  })
  // Only the file has the history that learned findings rest on, so it may point at more frames.
  const unmarked = (tree: unknown) => String(tree).replaceAll('▶', ' ')
  const treeOf = (line: Record<string, unknown> | undefined) =>
    z.object({ transactions: z.array(z.object({ tree: z.array(z.string()) })) }).parse(line).transactions[0]
      ?.tree
  expect(unmarked(treeOf(node))).toEqual(unmarked(treeOf(file)))
  expect(node?.['balanceChanges']).toEqual(file?.['balanceChanges'])
  const changes = (file?.['balanceChanges'] ?? []) as { account: string; amount: string }[]
  const loss = changes.find(({ account }) => account === at.ethReserve)
  expect(BigInt(loss?.amount ?? 0)).toBeLessThan(0n)
})

test('who deployed the attacker’s contract is told by the file’s history and by the node alike; the weak code is looked for', async () => {
  const fromFile = await run(['investigate', bundle(), '--tx', attackHash, '--protect', protect])
  const options = ['--protect', protect, '--around', '2', '--addresses', `${at.usdc},${at.ethReserve}`]
  const fromNode = await run(['investigate', anvil.url, '--tx', attackHash, ...options])
  const deployerIn = (line: Record<string, unknown> | undefined) =>
    ((line?.['actors'] ?? []) as { address: string; deployer?: string }[]).find(
      ({ address }) => address === at.attackReentrancy,
    )?.deployer
  expect(deployerIn(fromFile.lines[0])).toBe(addressOf('reentrancyAttacker'))
  expect(deployerIn(fromNode.lines[0])).toBe(deployerIn(fromFile.lines[0]))
  expect(fromNode.lines[0]).toMatchObject({ scope: { siblings: [] } })
  const wrong = await run(['investigate', anvil.url, '--tx', attackHash, '--known', 'nowhere.json'])
  expect(wrong.code).not.toBe(0)
})

test('an attack is decoded by a given ABI, searched, and its storage named by a given layout', async () => {
  const { abi } = JSON.parse(await readFile('contracts/out/EthReserve.json', 'utf8')) as { abi: unknown }
  const word = { encoding: 'inplace', label: 'uint256', numberOfBytes: '32' }
  const account = { encoding: 'inplace', label: 'address', numberOfBytes: '20' }
  const shares = { encoding: 'mapping', label: 'mapping', key: 'a', value: 'u', numberOfBytes: '32' }
  const storage = Array.from({ length: 4 }, (_, n) => ({
    label: `m${n}`,
    slot: `${n}`,
    offset: 0,
    type: 'm',
  }))
  const artifact = join(dir, 'EthReserve.json')
  await writeFile(
    artifact,
    JSON.stringify({ abi, storageLayout: { storage, types: { u: word, a: account, m: shares } } }),
  )
  const { code, lines } = await run([
    ...[
      'investigate',
      anvil.url,
      '--tx',
      attackHash,
      '--protect',
      protect,
      '--find',
      'withdraw',
      '--storage',
    ],
    ...['--abi', `${at.ethReserve}=${artifact}`],
  ])
  expect(code).toBe(0)
  const [transaction] = z
    .object({
      transactions: z.array(
        z.object({
          tree: z.array(z.string()),
          calls: z.array(z.object({ source: z.string(), signature: z.string() })),
          stateChanges: z.array(
            z.object({ address: z.string(), parts: z.array(z.object({ name: z.string() })) }),
          ),
        }),
      ),
    })
    .parse(lines[0]).transactions
  expect(transaction?.tree.filter((line) => line.startsWith('»')).length).toBeGreaterThan(1)
  expect(transaction?.calls).toContainEqual(
    expect.objectContaining({ source: 'given', signature: expect.stringMatching(/^withdraw/) }),
  )
  // The stolen credit was paid in and taken out: the reserve's books end as they began.
  expect(transaction?.stateChanges.filter(({ address }) => address === at.ethReserve)).toEqual([])
  const saved = await run([
    'investigate',
    anvil.url,
    '--tx',
    await firstSaving(),
    '--storage',
    '--abi',
    `${at.ethReserve}=${artifact}`,
  ])
  expect(JSON.stringify(saved.lines[0])).toMatch(
    /"name":"m\d\[0x[0-9a-f]{40}\]","type":"uint256","before":"\d+","after":"\d+"/,
  )
})

/** A transaction in which somebody paid the reserve. */
async function firstSaving(): Promise<string> {
  const rpc = createRpc({ urls: [anvil.url] })
  const blockSchema = z.object({
    transactions: z.array(z.object({ hash: z.string(), to: z.string().nullable(), value: z.string() })),
  })
  for (let number = 1; ; number++) {
    const block = blockSchema.parse(
      await rpc.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, true]),
    )
    const paid = block.transactions.find(({ to, value }) => to === at.ethReserve && value !== '0x0')
    if (paid === undefined) continue
    await rpc.close()
    return paid.hash
  }
}

test('a broken file is named with its line, the others are replayed, and the exit code says so', async () => {
  const broken = join(dir, 'broken.ndjson')
  const truncated = join(dir, 'truncated.ndjson.gz')
  await writeFile(broken, '{"chainId":1,"block":{"number":"0x1","transactions":[]}}\n<html>busy</html>\n')
  await writeFile(truncated, (await readFile(bundle())).subarray(0, 200))
  const { code, lines, errors } = await run(['replay', broken, truncated, bundle(), '--protect', protect])
  expect(code).toBe(1)
  expect(errors).toMatchObject([
    { code: 'chain.MalformedBundle', facts: { file: broken, line: 2 } },
    { code: 'chain.UnreadableBundle', facts: { file: truncated } },
  ])
  expect(lines.at(-1)).toMatchObject({ type: 'summary', incidents: 1 })
})

test('a wrong address, chain, configuration or playbook is refused with the field and the fix', async () => {
  expect(await run(['replay', bundle(), '--protect', '0x12'])).toMatchObject({
    code: 2,
    errors: [{ code: 'app.InvalidAddress' }],
  })
  const wrong = await run(['watch', '--rpc', anvil.url, '--blocks', '1'], { CORDON_CHAIN_ID: '5' })
  expect(wrong).toMatchObject({
    code: 1,
    errors: [{ code: 'chain.WrongChain', facts: { expected: 5, got: at.chainId } }],
  })
  const config = join(dir, 'bad.config.ts')
  await writeFile(
    config,
    "export default { chains: [{ chainId: 1, rpcUrls: ['http://127.0.0.1:1'] }], protect: [{ address: '0xnope' }] }\n",
  )
  expect(await run(['doctor', '--config', config])).toMatchObject({
    code: 2,
    errors: [{ code: 'app.InvalidConfig', facts: { field: 'protect.0.address' } }],
  })
  const nowhere = ['record', '--rpc', 'http://127.0.0.1:9', '-o', join(dir, 'none.ndjson')]
  expect((await run(nowhere)).errors).toMatchObject([{ code: 'chain.EndpointFailed' }])
  expect(await run(['frobnicate'])).toMatchObject({ code: 2 })
})

test('watching waits for a node that is down, and says for which', async () => {
  const watching = startCordon({ args: ['watch', '--rpc', 'http://127.0.0.1:9'], cwd: dir })
  await expect.poll(watching.stderr).toMatch(/Waiting for a node: http:\/\/127.0.0.1:9 /)
  watching.child.kill('SIGINT')
  await watching.ended
})

test('a playbook with an unknown step stops the start, naming file and line', async () => {
  const database = await freshDatabase()
  const env = await writeDrillConfig(dir, { deployment: at, rpcUrl: anvil.url, databaseUrl: database.url })
  const playbook = join(dir, 'odd.yaml')
  await writeFile(
    playbook,
    'id: odd\ntitle: Odd\nowner: x\nlevel: test\ndescription: x\nwhen: { severity: high }\nsteps:\n  - id: a\n    action: levitate\n',
  )
  const file = join(dir, 'cordon.config.json')
  const config = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(
    join(dir, 'odd.config.json'),
    JSON.stringify({ ...config, respond: { ...config.respond, playbooks: [playbook] } }),
  )
  const { code, errors } = await run(['start', '--config', 'odd.config.json'], env)
  expect(code).toBe(1)
  expect(errors).toMatchObject([{ code: 'playbooks.UnknownAction', facts: { line: 9 } }])
  await database.drop()
})

test('levers are found in the bytecode, tried by whom the contract names, and probed on what was used lately', async () => {
  const database = await freshDatabase()
  const env = { DATABASE_URL: database.url }
  const discover = ['levers', 'discover', at.ethReserve, '--rpc', anvil.url, '--blocks', '40']
  const { code, lines } = await run(discover, env)
  expect(code).toBe(0)
  const [found] = lines as [{ levers: { opEffects: Record<string, string> }[]; operations: number }]
  expect(found).toMatchObject({
    type: 'levers',
    target: at.ethReserve,
    levers: [{ signature: 'pause()', armed: true, authorityDetail: { kind: 'eoa' } }],
  })
  expect(found.operations).toBeGreaterThan(0)
  expect(Object.values(found.levers[0]?.opEffects ?? {})).toContain('blocked')
  const listed = await run(['levers', 'list'], env)
  expect(listed.lines).toMatchObject([
    { type: 'lever', lever: { signature: 'pause()', target: at.ethReserve, authority: { kind: 'eoa' } } },
  ])
  await database.drop()
})

test('what a lever needs is named, and what no lever needs is refused', async () => {
  const database = await freshDatabase()
  const env = { DATABASE_URL: database.url }
  const token = at.acme
  const [holder, spender] = [`0x${'a1'.repeat(20)}`, `0x${'b0'.repeat(20)}`]
  const named = `holder=${holder},spender=${spender}`
  const { lines } = await run(['levers', 'discover', token, '--rpc', anvil.url, '--with', named], env)
  expect(lines).toMatchObject([
    { levers: [{ template: 'erc20/approve-zero', armed: false, authority: { address: holder } }] },
  ])
  const refused = await run(['levers', 'discover', token, '--rpc', anvil.url, '--with', 'hodler=0x1'])
  expect(refused.code).toBe(2)
  expect(refused.errors).toMatchObject([{ code: 'app.InvalidGiven' }])
  await database.drop()
})

test('doctor says what the node has and whether the guardian may pause, and exits 4 when something is missing', async () => {
  const database = await freshDatabase()
  const env = await writeDrillConfig(dir, { deployment: at, rpcUrl: anvil.url, databaseUrl: database.url })
  const healthy = await run(['doctor'], env)
  expect(healthy.lines.filter(({ state }) => state === 'failed')).toEqual([])
  expect(
    healthy.lines.filter(({ name }) => String(name).startsWith('pause of')).map(({ state }) => state),
  ).toEqual(['ok', 'ok', 'ok'])
  expect(healthy.code).toBe(0)
  const { GUARDIAN_KEY: _key, ...without } = env
  const ill = await run(['doctor'], without)
  expect(ill.code).toBe(4)
  expect(ill.lines.find(({ name }) => name === 'signer GUARDIAN_KEY')).toMatchObject({
    state: 'failed',
    fix: expect.any(String),
  })
  await database.drop()
})

test('an attack is answered, reported and verified; a changed record is found; no key is printed anywhere', async () => {
  const database = await freshDatabase()
  const env = await writeDrillConfig(dir, { deployment: at, rpcUrl: anvil.url, databaseUrl: database.url })
  const cordon = startCordon({ args: ['start'], cwd: dir, env })
  const incident = await cordon.until((line) => line['type'] === 'timeline' && line['kind'] === 'broadcast')
  await mineUntil(cordon.until((line) => line['type'] === 'timeline' && line['kind'] === 'report'))
  cordon.child.kill('SIGINT')
  expect(await cordon.ended).toMatchObject({ code: 130 })

  const id = String(incident['incidentId'])
  const shown = await run(['incidents', 'show', id], env)
  expect(shown.lines).toMatchObject([{ id, state: 'contained', kind: 'normal', severity: 'critical' }])
  const report = await run(['incidents', 'report', id], env)
  expect(String(report.lines[0]?.['text'])).toMatch(/## Impact[\s\S]*intact/)
  expect(report.lines).toMatchObject([{ type: 'report', incidentId: id, format: 'markdown', tlp: 'RED' }])
  const pdf = await run(
    ['incidents', 'report', id, '--kind', 'postmortem', '--audience', 'partner', '-o', 'out/p.pdf'],
    env,
  )
  const file = join(dir, 'out/p.pdf')
  expect(pdf.lines).toMatchObject([{ type: 'report', format: 'pdf', audience: 'partner', file }])
  expect(pdf.lines[0]).toMatchObject({ sha256: sha256(await readFile(file)) })
  expect(pdf.lines[0]).not.toHaveProperty('text')
  expect(await run(['incidents', 'report', id, '--format', 'pdf'], env)).toMatchObject({
    code: 2,
    errors: [{ code: 'app.InvalidReportFormat' }],
  })
  expect((await run(['incidents', 'verify', id], env)).code).toBe(0)
  await handOut(id, env)
  expect((await run(['incidents', 'verify', id], env)).code).toBe(0)
  await tamper(database, id)
  const verdict = await run(['incidents', 'verify', id], env)
  expect(verdict).toMatchObject({ code: 5, lines: [{ ok: false, brokenAt: 2 }] })
  expect(await run(['incidents', 'show', 'inc-none'], env)).toMatchObject({
    code: 1,
    errors: [{ code: 'incidents.UnknownIncident' }],
  })

  const key = env['GUARDIAN_KEY']?.slice(2) ?? 'none'
  const everything = [
    JSON.stringify(cordon.lines),
    cordon.stderr(),
    report.stderr,
    JSON.stringify(report.lines),
    await dump(database),
  ]
  expect(everything.filter((text) => text.includes(key))).toEqual([])
})

/** Everything that leaves the house, from the record of a real incident. */
async function handOut(id: string, env: CordonOptions['env'] = {}): Promise<void> {
  const told = ['--from', 'Drill team', '--contact', 'desk@drill.example']
  const stix = await run(['incidents', 'stix', id, ...told, '-o', 'out/x.stix.json'], env)
  expect(stix.lines).toMatchObject([{ type: 'stix', incidentId: id, audience: 'partner', tlp: 'RED' }])
  const bundle: unknown = JSON.parse(await readFile(join(dir, 'out/x.stix.json'), 'utf8'))
  expect(stixFaults(stixBundleSchema.parse(bundle))).toEqual([])
  const accounts = await run(['incidents', 'addresses', id], env)
  expect(parseCsv(String(accounts.lines[0]?.['text'])).length).toBeGreaterThan(2)
  const message = await run(['incidents', 'seal911', id, ...told], env)
  expect(message.lines[0]?.['text']).toMatch(
    /^SEAL 911 request, TLP:RED\nProtocol: [\s\S]*desk@drill\.example/,
  )
  const asked = ['packet', id, '--for', 'exchange', '--name', 'Nobody', '-o', 'out/packet']
  expect(await run(['incidents', ...asked], env)).toMatchObject({
    code: 1,
    errors: [{ code: 'reports.NothingTraced' }],
  })
  expect(await run(['incidents', 'stix'], env)).toMatchObject({ errors: [{ code: 'app.NothingNamed' }] })
  for (const audience of ['team', 'public']) {
    const given = await run(
      ['incidents', 'export', id, '--audience', audience, '-o', `${audience}.tar.gz`],
      env,
    )
    const [{ sha256: hash, head } = {}] = given.lines
    expect(hash).toBe(sha256(await readFile(join(dir, `${audience}.tar.gz`))))
    await mkdir(join(dir, audience))
    await exec('tar', ['xzf', `../${audience}.tar.gz`], { cwd: join(dir, audience) })
    const script = join(dir, audience, `cordon-${id}`, 'verify.mjs')
    const checked = await exec(process.execPath, [script, '--head', String(head)], { env: {} })
    expect(checked.stdout).toMatch(/^Holds: /)
  }
}

/** Manual mining: blocks come while the promise waits. */
async function mineUntil<T>(promise: Promise<T>): Promise<T> {
  let waiting = true
  promise.finally(() => {
    waiting = false
  })
  while (waiting) {
    await rpc('evm_mine')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return promise
}

async function head(): Promise<number> {
  return Number(await rpc('eth_blockNumber'))
}

async function rpc(method: string): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] })
  const response = await fetch(anvil.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return ((await response.json()) as { result: unknown }).result
}

/** What somebody with the database's password could do, triggers off. */
async function tamper(database: FreshDatabase, incidentId: string): Promise<void> {
  await sqlOn(
    database.url,
    `SET session_replication_role = replica; UPDATE evidence SET body = '{"forged":true}' WHERE incident_id = '${incidentId}' AND sequence = 2`,
  )
}

async function dump(database: FreshDatabase): Promise<string> {
  const tables = await sqlOn(
    database.url,
    "SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_schema IN ('public', 'dbos')",
  )
  const rows = await Promise.all(
    tables.map(({ s, t }) => sqlOn(database.url, `SELECT x::text FROM ${s}.${t} x`)),
  )
  return JSON.stringify(rows)
}
