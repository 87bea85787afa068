// The harness of the attacks on Cordon (CORDON_ADVERSARY: its lib folder), and our own contracts.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

export const H = await import(`${process.env.CORDON_ADVERSARY}/harness.mjs`)
const { viem } = H
const compiled = compile()

function compile() {
  const solc = createRequire(`${H.ROOT}/package.json`)('solc')
  const content = readFileSync(new URL('./Ideas.sol', import.meta.url), 'utf8')
  const settings = {
    optimizer: { enabled: true, runs: 200 },
    evmVersion: 'cancun',
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
  }
  const out = JSON.parse(
    solc.compile(JSON.stringify({ language: 'Solidity', sources: { 'I.sol': { content } }, settings })),
  )
  const error = (out.errors ?? []).find(({ severity }) => severity === 'error')
  if (error) throw new Error(error.formattedMessage)
  return out.contracts['I.sol']
}

export const say = (...words) =>
  process.stdout.write(
    `${words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' ')}\n`,
  )
export const hex = (n) => `0x${BigInt(n).toString(16)}`
export const dataOf = (name, functionName, args = []) =>
  viem.encodeFunctionData({ abi: compiled[name].abi, functionName, args })
export const initCode = (name, args = []) =>
  viem.encodeDeployData({
    abi: compiled[name].abi,
    bytecode: `0x${compiled[name].evm.bytecode.object}`,
    args,
  })
export async function deploy(rpc, from, name, { args = [], value = 0n } = {}) {
  const receipt = await H.send(rpc, { from, data: initCode(name, args), value: hex(value), gas: '0x4c4b40' })
  return receipt.contractAddress.toLowerCase()
}
/** A new account with money that the node signs for. */
export async function newcomer(rpc, ether = 100n) {
  const account = H.accounts.privateKeyToAccount(H.accounts.generatePrivateKey())
  const address = account.address.toLowerCase()
  await rpc('anvil_setBalance', [address, hex(ether * 10n ** 18n)])
  await rpc('anvil_impersonateAccount', [address])
  return { address, account }
}
export const balance = async (rpc, at) => BigInt(await rpc('eth_getBalance', [at, 'latest']))
export const settled = (s, ms = 30_000) =>
  H.waitFor(async () => {
    const incidents = await s.incidents()
    if (incidents.length === 0) return false
    const runs = (await Promise.all(incidents.map(({ id }) => s.runs(id)))).flat()
    return runs.length > 0 && runs.every(({ state }) => state !== 'running')
  }, ms)
/** The lines of Cordon, and how it ended. */
export async function tell(s, { name, targets, before, after, text = H.eth }) {
  for (const i of await s.incidents()) {
    say('incident', i.severity, i.state, '|', i.title, '| txs', i.transactions.length, '| actors', i.actors)
    const kinds = process.env.ALL
      ? null
      : ['simulation', 'decision', 'plan', 'verification', 'state', 'note', 'error', 'broadcast', 'run']
    for (const e of await s.timeline(i.id))
      if (kinds === null || kinds.includes(e.kind)) say('  ', e.kind, '|', e.message.slice(0, 700))
  }
  const { rows } = await s.app.store.pool.query(
    "select detector, document->>'severity' as severity, document->>'title' as title from remarks union all select detector, severity, document->>'title' from findings",
  )
  say(
    'findings',
    rows.slice(0, 20).map((r) => `${r.detector} ${r.severity} ${r.title ?? ''}`),
  )
  const paused = await Promise.all(targets.map((at) => s.paused(at)))
  say(
    `RESULT [${name}] paused=${paused} lost ${text(before - after)} of ${text(before)}; incidents ${(await s.incidents()).length}`,
  )
  await Promise.race([s.stop(), H.sleep(15_000)])
  process.exit(0)
}
/** A stage with an honest reserve next to the drill's contracts, which Cordon may pause alone. */
export async function honest(name) {
  const { authorisationTypedData } = await H.from('contain/authorise')
  let safe
  const s = await H.stage(name, {
    tweak: async (c, d, anvil) => {
      safe = await deploy(H.rpcOf(anvil.url), H.addressOf('deployer'), 'SafeReserve', {
        args: [H.addressOf('guardian')],
      })
      const now = Math.floor(Date.now() / 1000)
      const terms = {
        installation: null,
        chainId: d.chainId,
        targets: [safe],
        selectors: [viem.toFunctionSelector('pause()')],
        maxActions: 2,
        validFrom: now - 60,
        validUntil: now + 86400,
      }
      const signature = await H.drillAccount('guardian').signTypedData(authorisationTypedData(terms))
      return {
        ...c,
        protect: [...c.protect, { address: safe, name: 'SafeReserve' }],
        authorisations: [...c.authorisations, { ...terms, signer: H.addressOf('guardian'), signature }],
      }
    },
  })
  for (const who of ['saver', 'whale', 'lender'])
    await H.send(s.rpc, {
      from: H.addressOf(who),
      to: safe,
      data: '0xd0e30db0',
      value: hex(20n * 10n ** 18n),
    })
  return { s, safe }
}
