// Noise before the attack, and what looks like one. usage: 34-noise.mjs storm|redeposit|unpark
import { balance, dataOf, deploy, H, honest, newcomer, say, settled, tell } from './lib.mjs'

const how = process.argv[2]
const E = 10n ** 18n
const me = H.addressOf('reentrancyAttacker')
if (how === 'redeposit') {
  // an honest reserve: nested withdrawal of one's own deposit, paid in again for another account in the same transaction
  const { s, safe } = await honest('noise-redeposit')
  const at = await deploy(s.rpc, me, 'Mover', { args: [safe], value: 4n * E })
  for (let i = 0; i < 3; i++)
    say('  tx', (await H.send(s.rpc, { from: me, to: at, data: dataOf('Mover', 'move', [3n]) })).status)
  await H.waitFor(() => s.paused(safe), 20_000)
  await tell(s, { name: how, targets: [safe], before: 64n * E, after: await balance(s.rpc, safe) })
} else {
  // forty losses that only a stranger's token tells of, in the block of the attack and those before it
  const s = await H.stage(`noise-${how}`)
  const { rpc } = s,
    r = s.deployment.ethReserve
  const token = await deploy(rpc, me, 'FakeToken', { args: ['USDC', r] })
  await H.send(rpc, { from: me, to: token, data: dataOf('FakeToken', 'give', [r, 10n ** 13n]) })
  const picky = await deploy(rpc, me, 'Picky', { args: [r], value: 3n * E })
  const before = await balance(rpc, r)
  const fake = async () => {
    const { address } = await newcomer(rpc)
    return H.send(
      rpc,
      {
        from: address,
        to: token,
        data: dataOf('FakeToken', 'rob', [r, address, 4n * 10n ** 11n]),
        maxFeePerGas: '0x4540be400',
      },
      false,
    )
  }
  for (let i = 0; i < 40; i++) await fake()
  for (let i = 0; i < 8; i++) {
    for (let n = 0; n < 3; n++) await fake()
    const x = await H.send(rpc, { from: me, to: picky, data: dataOf('Picky', 'poor', [3n]) })
    say('  tx', i, x.status, 'left', H.eth(await balance(rpc, r)))
    if (await s.paused(r)) break
  }
  await settled(s, 15_000)
  await tell(s, { name: how, targets: [r], before, after: await balance(rpc, r) })
}
