import type { Address } from '../../src/model/hex.ts'
import { leverMatrix, type Trial } from '../harness/lever-matrix.ts'
import { callTo, deploy, ourFixture, person, sendAll, type World } from '../harness/lever-world.ts'

const owner = person(0)
const guardian = person(1)
const saver = person(2)

const deposits = (vault: Address) => callTo(vault, 'deposit(uint256)', { args: [1_000n], from: saver })
const withdrawals = (vault: Address) => callTo(vault, 'withdraw(uint256)', { args: [100n], from: saver })
const transfers = (vault: Address) =>
  callTo(vault, 'transfer(address,uint256)', { args: [guardian, 1n], from: saver })

async function yearn(world: World): Promise<Record<string, Trial>> {
  const target = await deploy(world, ourFixture('LeverYearnV2'), { args: [guardian] })
  await sendAll(world, [deposits(target)])
  const operations = {
    supply: deposits(target),
    withdraw: withdrawals(target),
    transfer: transfers(target),
  }
  return {
    'yearn-v2/deposit-limit': { target, caller: owner, operations },
    'yearn-v2/emergency-shutdown': { target, caller: guardian, undoBy: owner, operations },
  }
}

async function caps(world: World): Promise<Record<string, Trial>> {
  const target = await deploy(world, ourFixture('LeverCappedVault'))
  await sendAll(world, [deposits(target)])
  const trial = { target, caller: owner, operations: {} }
  const [into, out] = [deposits(target), withdrawals(target)]
  return {
    'cap/setDepositCap': {
      ...trial,
      others: {
        deposits: { call: into, expected: 'blocked' },
        withdrawals: { call: out, expected: 'open' },
      },
    },
    'cap/setWithdrawLimit': {
      ...trial,
      others: {
        deposits: { call: into, expected: 'open' },
        withdrawals: { call: out, expected: 'blocked' },
      },
    },
  }
}

leverMatrix('yearn-v2', ['yearn-v2/deposit-limit', 'yearn-v2/emergency-shutdown'], yearn)
leverMatrix('cap', ['cap/setDepositCap', 'cap/setWithdrawLimit'], caps)
