import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { type CommandStage, openCommandStage } from '../harness/command-stage.ts'
import { startCordon, writeDrillConfig } from '../harness/cordon-process.ts'
import { freshDatabase } from '../harness/postgres.ts'

let anvil: CommandStage['anvil']
let at: CommandStage['at']
let bundle: CommandStage['bundle']
let dir: CommandStage['dir']
let head: CommandStage['head']
let protect: CommandStage['protect']
let record: CommandStage['record']
let run: CommandStage['run']

beforeAll(async () => {
  const stage = await openCommandStage()
  ;({ anvil, at, bundle, dir, head, protect, record, run } = stage)
  return () => stage.close()
})

test('what was recorded from a node is replayed with the same findings that a watch has', async () => {
  const recorded = await record()
  expect(recorded.lines).toMatchObject([
    { type: 'recorded', first: 1, traces: expect.stringMatching(/^debug_/) },
  ])
  const replayed = await run(['replay', bundle, '--protect', protect])
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

test('a broken file is named with its line, the others are replayed, and the exit code says so', async () => {
  const broken = join(dir, 'broken.ndjson')
  const truncated = join(dir, 'truncated.ndjson.gz')
  await writeFile(broken, '{"chainId":1,"block":{"number":"0x1","transactions":[]}}\n<html>busy</html>\n')
  await writeFile(truncated, (await readFile(bundle)).subarray(0, 200))
  const { code, lines, errors } = await run(['replay', broken, truncated, bundle, '--protect', protect])
  expect(code).toBe(1)
  expect(errors).toMatchObject([
    { code: 'chain.MalformedBundle', facts: { file: broken, line: 2 } },
    { code: 'chain.UnreadableBundle', facts: { file: truncated } },
  ])
  expect(lines.at(-1)).toMatchObject({ type: 'summary', incidents: 1 })
})

test('a wrong address, chain, configuration or playbook is refused with the field and the fix', async () => {
  expect(await run(['replay', bundle, '--protect', '0x12'])).toMatchObject({
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
