// A stranger wants an honest reserve paused. usage: 32-honest.mjs fake|nest
import { balance, dataOf, deploy, H, honest, newcomer, say, tell } from './lib.mjs'

const how = process.argv[2]
const E = 10n ** 18n
const { s, safe } = await honest(`honest-${how}`)
const { rpc } = s,
  me = H.addressOf('reentrancyAttacker')
if (how === 'fake') {
  const token = await deploy(rpc, me, 'FakeToken', { args: ['USDC', safe] })
  const at = await deploy(rpc, me, 'FakeLoss', { args: [safe, token], value: 1n * E })
  await H.send(rpc, { from: me, to: token, data: dataOf('FakeToken', 'give', [safe, 10n ** 13n]) })
  await H.send(rpc, { from: me, to: at, data: dataOf('FakeLoss', 'put') })
  for (let i = 0; i < 3; i++) {
    const x = await H.send(rpc, {
      from: me,
      to: at,
      data: dataOf('FakeLoss', 'go', [E / 10n, 3n * 10n ** 12n, 2n]),
    })
    say('  tx', x.status)
  }
} else {
  const nest = await deploy(rpc, me, 'Nest')
  for (let i = 0; i < 4; i++) {
    const { address } = await newcomer(rpc)
    const at = await deploy(rpc, address, 'Nested', { args: [safe, nest], value: 10n * E })
    await H.send(rpc, { from: me, to: nest, data: dataOf('Nest', 'add', [at]) })
  }
  const x = await H.send(rpc, { from: me, to: nest, data: dataOf('Nest', 'go') })
  say('  tx', x.status)
}
await H.waitFor(() => s.paused(safe), 20_000)
await tell(s, { name: `honest ${how}`, targets: [safe], before: 60n * E, after: await balance(rpc, safe) })
