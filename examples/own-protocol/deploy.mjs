// node deploy.mjs [RPC]: deploys the dollar and two vaults, and has people save for a while.
import { fileURLToPath } from 'node:url'
import { accounts, contracts, dollars, open, urlFromEnvironment } from './chain.mjs'
import { signPayment } from './payment.mjs'

export async function deploy(rpcUrl) {
  const on = open(rpcUrl)
  const { dollar, everyday, holiday } = contracts
  await on.deploy('owner', 'DemoDollar')
  const vault = (name, symbol) =>
    on.deploy('owner', 'SavingsVault', [dollar.address, accounts.guardian.address, name, symbol])
  await vault('Everyday savings', 'evDUSD')
  await vault('Holiday savings', 'hoDUSD')
  for (const name of ['ann', 'bob', 'cat', 'thief', 'burglar', 'shop'])
    await on.send('owner', dollar, 'mint', [accounts[name].address, dollars(200_000)])
  for (const name of ['ann', 'bob', 'cat'])
    for (const { address } of [everyday, holiday])
      await on.send(name, dollar, 'approve', [address, dollars(10_000_000)])
  await save(on, everyday)
}

/** What an ordinary month looks like: savings, withdrawals, and payments by signature. */
async function save(on, vault) {
  for (const [name, amount] of [
    ['ann', 90_000],
    ['bob', 60_000],
    ['cat', 40_000],
  ])
    await on.send(name, vault, 'deposit', [dollars(amount), accounts[name].address])
  for (let week = 1; week <= 6; week++) {
    const amount = dollars(500 + 70 * week)
    const { address } = accounts.bob
    await on.send('bob', vault, 'redeem', [amount, address, address])
    const payment = await signPayment(on, vault, {
      saver: 'ann',
      to: accounts.cat.address,
      assets: dollars(100 + week),
    })
    await on.send('cat', vault, 'pay', payment)
    await on.send('cat', vault, 'deposit', [dollars(900), accounts.cat.address])
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await deploy(process.argv[2] ?? urlFromEnvironment())
  for (const [name, { address }] of Object.entries(contracts)) console.log(`${name.padEnd(10)} ${address}`)
}
