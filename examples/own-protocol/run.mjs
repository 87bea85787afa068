// node run.mjs: anvil, the vaults, Cordon, three attacks, and people who open again in between. --json prints what happened.
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { formatUnits, toHex } from 'viem'
import { attacks } from './attack.mjs'
import { accounts, contracts, open } from './chain.mjs'
import { cordonAt } from './cordon.mjs'
import { deploy } from './deploy.mjs'
import { startPager } from './pager.mjs'
import { reopen } from './people.mjs'

const json = process.argv.includes('--json')
const began = Date.now()
const say = (line) => {
  if (!json) console.log(`${String(((Date.now() - began) / 1000).toFixed(0)).padStart(4)} s  ${line}`)
}
const keyOf = (name) => toHex(accounts[name].getHdKey().privateKey)
const money = (amount) => `${Number(formatUnits(amount, 6)).toLocaleString('en')} DUSD`
const HERE = fileURLToPath(new URL('.', import.meta.url))

const closers = []
try {
  await run()
} finally {
  for (const close of closers.reverse()) await close()
}

async function run() {
  const rpcUrl = await chainUrl()
  const dataDir = await mkdtemp(join(tmpdir(), 'own-protocol-'))
  if (process.env['KEEP'] === undefined) closers.push(() => rm(dataDir, { recursive: true, force: true }))
  const pager = await startPager((page) => say(`  page  ${page.title}`))
  closers.push(pager.stop)
  const on = open(rpcUrl)
  await deploy(rpcUrl)
  say(`EverydaySavings holds ${money(await on.balance(contracts.everyday.address))}, HolidaySavings is new`)

  const cordon = cordonAt(HERE, {
    RPC_URL: rpcUrl,
    PAGER_URL: pager.url,
    PAGER_SECRET: `whsec_${randomBytes(32).toString('base64')}`,
    DATA_DIR: dataDir,
    GUARDIAN_KEY: keyOf('guardian'),
    OWNER_KEY: keyOf('owner'),
  })
  await cordon.run('levers', 'authorize', '--for', '1d', '--max-actions', '10')
  say('the guardian has signed that Cordon may pause both vaults, ten times at most, for a day')
  const watch = cordon.start()
  closers.push(watch.stop)
  for (const { address } of [contracts.everyday, contracts.holiday]) {
    const alone = await watch.until((line) => line.type === 'alone' && same(line.target, address))
    say(`${alone.alone ? '✓' : '!'} ${alone.text}`)
  }

  const story = { pages: pager.pages, attacks: [] }
  const seen = async () => {
    const head = Number(await on.client.getBlockNumber({ cacheTime: 0 }))
    await watch.until((line) => line.type === 'block' && line.blockNumber >= head)
  }

  say('the guardian pauses HolidaySavings by hand, and the owner opens it again: an exercise')
  const paused = await on.send('guardian', contracts.holiday, 'pause')
  const opened = await on.send('owner', contracts.holiday, 'unpause')
  await seen()
  const { lines: afterPause } = await cordon.run('incidents', 'list')
  story.byHand = {
    transactions: [paused.transactionHash, opened.transactionHash],
    incidents: afterPause.filter(({ type }) => type === 'incident'),
    pages: [...pager.pages],
  }

  for (const [name, vault] of [
    ['access-control', 'everyday'],
    ['signature-replay', 'everyday'],
    ['share-inflation', 'holiday'],
  ]) {
    const { address } = contracts[vault]
    if (await on.read(contracts[vault], 'paused')) {
      await reopen({ cordon, watch, say, address })
      say(`${vault} is open again`)
      await seen()
    }
    const from = watch.mark()
    const pagesBefore = pager.pages.length
    const before = await on.balance(address)
    say(`attack: ${name}`)
    const { transactionHash } = await attacks[name](on)
    const taken = before - (await on.balance(address))
    say(
      `  ${taken > 0n ? `${money(taken)} left the vault in` : 'the vault was paused before anything left it, after'} ${transactionHash}`,
    )
    const state = await watch.until(
      (line) => line.type === 'timeline' && line.kind === 'state' && line.facts.to === 'contained',
      from,
    )
    say(`  ${state.message}`)
    await seen()
    await until(() => pager.pages.slice(pagesBefore).some(({ title }) => /^CONTAINED/.test(title)))
    const isPaused = await on.read(contracts[vault], 'paused')
    const lost = before - (await on.balance(address))
    const attack = { name, transactionHash, incidentId: state.incidentId, isPaused, lost: String(lost) }
    story.attacks.push({ ...attack, pages: pager.pages.slice(pagesBefore) })
  }

  for (const attack of story.attacks) {
    const file = join(dataDir, `${attack.incidentId}.md`)
    await cordon.run('incidents', 'report', attack.incidentId, '--format', 'markdown', '-o', file)
    attack.report = await readFile(file, 'utf8')
    const { lines } = await cordon.run('incidents', 'show', attack.incidentId)
    attack.incident = lines.find(({ type }) => type === 'incident')
  }
  await watch.stop()
  if (json) console.log(JSON.stringify(story))
  else {
    const file = join(HERE, 'report.md')
    await writeFile(file, story.attacks.map(({ report }) => report).join('\n\n---\n\n'))
    say(`contained ${story.attacks.length} of ${story.attacks.length}; the reports are in ${file}`)
  }
}

async function chainUrl() {
  const given = process.argv.indexOf('--rpc')
  if (given > 0) return process.argv[given + 1]
  const { startAnvil } = await import('../../dist/src/chain/sandbox/anvil.js')
  const anvil = await startAnvil({ mining: { kind: 'interval', seconds: 1 } })
  closers.push(anvil.stop)
  return anvil.url
}

/** A page may come a moment after what it tells of. */
async function until(isTrue) {
  for (let tries = 0; tries < 120 && !isTrue(); tries++) await setTimeout(250)
}

function same(a, b) {
  return String(a).toLowerCase() === b.toLowerCase()
}
