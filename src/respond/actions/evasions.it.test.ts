import { join } from 'node:path'
import { type Abi, encodeDeployData, encodeFunctionData } from 'viem'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { type Fault, startFaultProxy } from '../../../test/harness/faults/proxy.ts'
import { closeStages, head, type Stage, said, sawBlock, stage } from '../../../test/harness/stage.ts'
import { addressOf } from '../../drills/accounts.ts'
import { readArtifact } from '../../drills/artifacts.ts'
import { type Address, addressSchema, type Hex } from '../../model/hex.ts'

afterEach(closeStages)

const artifact = readArtifact(join('contracts', 'out', 'FlawEvasions.json')) as { abi: Abi; bytecode: Hex }
const thief = addressOf('reentrancyAttacker')
const STAKE = 3n * 10n ** 18n

type Sent = { to?: Address; data: Hex; value?: bigint; from?: Address }

async function mined({ node }: Stage, { from = thief, value = 0n, ...call }: Sent): Promise<unknown> {
  const asked = { from, ...call, value: `0x${value.toString(16)}`, gas: '0x2dc6c0' }
  const hash = await node.request('eth_sendTransaction', [asked])
  await node.request('evm_mine', [])
  return node.request('eth_getTransactionReceipt', [hash])
}

async function evilIn(it: Stage): Promise<Address> {
  const data = encodeDeployData({ ...artifact, args: [it.at.ethReserve] })
  const receipt = await mined(it, { data, value: STAKE })
  return z.object({ contractAddress: addressSchema }).parse(receipt).contractAddress
}

const quiet = (): Hex => encodeFunctionData({ abi: artifact.abi, functionName: 'quiet', args: [3n] })

/** With the shipped settings: none of the drill's own makes it act. */
const shipped: Parameters<typeof stage>[0] = (config) => ({
  ...config,
  decision: { ...config.decision, actDays: 7, attacksPerYear: 0.2 },
})

async function contained(it: Stage): Promise<void> {
  await it.until(said('broadcast', /^Sent pause\(\)/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /→ contained/))
}

test('an attack that goes through paused or not is paused, with the shipped numbers, although a stranger has emptied his account', async () => {
  const it = await stage(shipped)
  const poor = addressOf('optionAttacker')
  await mined(it, { from: poor, to: it.at.ethReserve, data: '0xd0e30db0', value: 10n ** 18n })
  await it.node.request('anvil_setBalance', [poor, '0x0'])
  const evil = await evilIn(it)
  await it.until(sawBlock(await head(it.node)))
  await mined(it, { to: evil, data: quiet() })
  const simulated = await it.until(said('simulation', /the attack takes nothing/))
  expect(simulated).toMatchObject({ type: 'timeline' })
  await contained(it)
})

test('an attack that fails wherever it is tried is paused on the word of what was seen', async () => {
  const closers: (() => Promise<void>)[] = []
  const it = await stage(async (config, ...rest) => {
    const [chain] = config.chains
    const proxy = await startFaultProxy(chain?.rpcUrls[0] ?? '')
    closers.push(proxy.stop)
    proxy.use(shy)
    const shippedConfig = await shipped(config, ...rest)
    return { ...shippedConfig, chains: config.chains.map((one) => ({ ...one, rpcUrls: [proxy.url] })) }
  })
  const evil = await evilIn(it)
  await it.until(sawBlock(await head(it.node)))
  await mined(it, { to: evil, data: quiet() })
  await it.until(said('simulation', /could not be tried/))
  await it.until(said('decision', /^Enough is known to act without people/))
  await contained(it)
  for (const close of closers) await close()
})

const simulatedSchema = z.array(
  z.looseObject({ calls: z.array(z.looseObject({ status: z.string(), logs: z.unknown() })) }),
)

/** The effects of an attack that distinguishes a simulation from the chain: in a simulation it moves nothing. */
const shy: Fault = async (call, forward) => {
  const reply = await forward(call)
  if (call.method !== 'eth_simulateV1' || reply.kind !== 'result') return reply
  if (!JSON.stringify(call.params).includes(`"from":"${thief}"`)) return reply
  const value = simulatedSchema
    .parse(reply.value)
    .map((block) => ({ ...block, calls: block.calls.map((each) => ({ ...each, logs: [] })) }))
  return { ...reply, value }
}
