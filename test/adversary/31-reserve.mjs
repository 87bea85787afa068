// The reserve is robbed in ways that hide it. usage: 31-reserve.mjs launder|once|listed|poor|heavy|delegated|bundled|split
import { balance, dataOf, deploy, H, hex, initCode, newcomer, say, settled, tell } from './lib.mjs'

const how = process.argv[2]
const E = 10n ** 18n
const s = await H.stage(`reserve-${how}`)
const { rpc } = s,
  r = s.deployment.ethReserve,
  me = H.addressOf('reentrancyAttacker')
const before = await balance(rpc, r)
const rounds = { launder: 8, split: 20 }[how] ?? 8
const raw = async (account, tx) => {
  const signed = await account.signTransaction({
    chainId: s.deployment.chainId,
    gas: 1_500_000n,
    maxFeePerGas: 10n ** 10n,
    maxPriorityFeePerGas: 10n ** 9n,
    ...tx,
  })
  const hash = await rpc('eth_sendRawTransaction', [signed])
  return H.waitFor(() => rpc('eth_getTransactionReceipt', [hash]))
}
const once = {
  async launder() {
    const at = await deploy(rpc, me, 'Launder', { args: [r], value: 3n * E })
    return (i) =>
      H.send(rpc, { from: me, to: at, data: dataOf('Launder', 'go', [3n]) }).then(async (x) => {
        if (i === 7)
          say(
            '  out',
            (await H.send(rpc, { from: me, to: at, data: dataOf('Launder', 'out', [72n * E]) })).status,
          )
        return x
      })
  },
  async once() {
    return async () => {
      const { address } = await newcomer(rpc)
      return H.send(rpc, { from: address, data: initCode('Once', [r, 3n, address]), value: hex(3n * E) })
    }
  },
  async split() {
    return async () => {
      const { address } = await newcomer(rpc)
      return H.send(rpc, { from: address, data: initCode('Once', [r, 1n, address]), value: hex(2n * E) })
    }
  },
  async listed() {
    const at = await deploy(rpc, me, 'Picky', { args: [r], value: 3n * E })
    return () =>
      H.send(rpc, {
        from: me,
        to: at,
        data: dataOf('Picky', 'listed', [3n]),
        accessList: [
          { address: at, storageKeys: [0n, 1n, 2n].map((n) => `0x${n.toString(16).padStart(64, '0')}`) },
        ],
      })
  },
  async poor() {
    const at = await deploy(rpc, me, 'Picky', { args: [r], value: 3n * E })
    return () => H.send(rpc, { from: me, to: at, data: dataOf('Picky', 'poor', [3n]) })
  },
  async heavy() {
    const at = await deploy(rpc, me, 'Picky', { args: [r], value: 3n * E })
    return () =>
      H.send(rpc, {
        from: me,
        to: at,
        data: dataOf('Picky', 'heavy', [3n, 27_000_000n]),
        gas: hex(29_000_000),
      })
  },
  async delegated() {
    const code = await deploy(rpc, me, 'Delegate')
    return async () => {
      const { account } = await newcomer(rpc)
      const authorization = await account.signAuthorization({
        address: code,
        chainId: s.deployment.chainId,
        nonce: 1,
      })
      return raw(account, {
        type: 'eip7702',
        nonce: 0,
        to: account.address,
        data: dataOf('Delegate', 'go', [r, 3n * E, 3n]),
        authorizationList: [authorization],
      })
    }
  },
  async bundled() {
    const bundler = await deploy(rpc, H.addressOf('trader'), 'Bundler')
    return async () => {
      const at = await deploy(rpc, me, 'Picky', { args: [r], value: 3n * E })
      return H.send(rpc, {
        from: H.addressOf('trader'),
        to: bundler,
        data: dataOf('Bundler', 'handleOps', [[at], [dataOf('Picky', 'poor', [3n])], H.addressOf('trader')]),
      })
    }
  },
}
const attack = await once[how]()
for (let i = 0; i < rounds; i++) {
  const x = await attack(i)
  say('  tx', i, x?.status, 'gas', Number(x?.gasUsed ?? 0), 'left', H.eth(await balance(rpc, r)))
  if (await s.paused(r)) break
}
await settled(s, 15_000)
await tell(s, { name: how, targets: [r], before, after: await balance(rpc, r) })
