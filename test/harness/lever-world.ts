import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Abi, type AbiFunction, encodeDeployData, encodeFunctionData, parseAbiItem } from 'viem'
import { z } from 'zod'
import type { Rpc } from '../../src/chain/rpc/rpc.ts'
import { createRpc } from '../../src/chain/rpc/rpc.ts'
import type { Anvil, AnvilOptions } from '../../src/chain/sandbox/anvil.ts'
import { startAnvil } from '../../src/chain/sandbox/anvil.ts'
import type { Sequencer, SimulatedCall } from '../../src/contain/trials/sequence.ts'
import { simulateV1Sequencer } from '../../src/contain/trials/sequence.ts'
import { messageOf } from '../../src/kit/error.ts'
import { packageRoot } from '../../src/kit/package-root.ts'
import type { Address, Hex } from '../../src/model/hex.ts'
import { hexSchema } from '../../src/model/hex.ts'
import { receiptOf } from './receipt.ts'

/** A chain of its own on which the contracts of a protocol are put up; anybody may send, no keys needed. */
export type World = {
  rpc: Rpc
  sequencer: Sequencer
  chainId: number
  url: string
  close(): Promise<void>
}

const RICH = `0x${(10n ** 24n).toString(16)}`
const GAS = '0x1c9c380'

export async function openWorld(options: Pick<AnvilOptions, 'hardfork'> = {}): Promise<World> {
  const anvil: Anvil = await startAnvil({ mining: { kind: 'auto' }, ...options })
  const rpc = createRpc({ urls: [anvil.url] })
  await rpc.request('anvil_autoImpersonateAccount', [true])
  return {
    rpc,
    sequencer: simulateV1Sequencer(rpc),
    chainId: 31_337,
    url: anvil.url,
    async close() {
      await rpc.close()
      await anvil.stop()
    },
  }
}

const artifactSchema = z.object({
  abi: z.array(z.looseObject({ type: z.string() })).transform((abi) => abi as unknown as Abi),
  bytecode: z.string(),
  links: z.array(z.object({ library: z.string(), starts: z.array(z.number()) })).default([]),
})
export type LeverArtifact = z.infer<typeof artifactSchema>

/** A contract of an npm package, as `scripts/extract-lever-fixtures.mjs` wrote it: `packaged('aave/core-v3', 'Pool')`. */
export function packaged(folder: string, name: string): LeverArtifact {
  return readLeverArtifact(join(packageRoot(), 'test', 'fixtures', 'levers', folder, `${name}.json`))
}

/** A fixture of ours in `contracts/levers/`, as `scripts/compile-contracts.mjs` compiled it. */
export function ourFixture(name: string): LeverArtifact {
  return readLeverArtifact(join(packageRoot(), 'contracts', 'out', `${name}.json`))
}

function readLeverArtifact(path: string): LeverArtifact {
  return artifactSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
}

export type Deployment = {
  args?: readonly unknown[]
  /** Libraries by name. */
  libraries?: Readonly<Record<string, Address>>
  from?: Address
}

/** Puts a contract up and gives its address. */
export async function deploy(
  world: World,
  artifact: LeverArtifact,
  { args = [], libraries = {}, from = person(0) }: Deployment = {},
): Promise<Address> {
  const bytecode = hexSchema.parse(linked(artifact, libraries))
  // A contract without a constructor has none in its ABI.
  const data =
    args.length === 0 ? bytecode : encodeDeployData({ abi: artifact.abi, bytecode, args: [...args] })
  const receipt = await send(world, { from, to: null, data, value: 0n })
  return String(receipt['contractAddress']).toLowerCase() as Address
}

function linked({ bytecode, links }: LeverArtifact, libraries: Readonly<Record<string, Address>>): string {
  let code = bytecode
  for (const { library, starts } of links) {
    const at = libraries[library]
    if (at === undefined) throw new Error(`library ${library} is not deployed`)
    for (const start of starts) {
      const place = 2 + start * 2
      code = code.slice(0, place) + at.slice(2) + code.slice(place + 40)
    }
  }
  return code
}

/** A person of the story, by number, the same in every run. */
export function person(number: number): Address {
  return `0x${(0xa11ce000 + number).toString(16).padStart(40, '0')}`
}

/** A call by its signature: `callTo(pool, 'repay(address,uint256)', [asset, 1n], alice)`. */
export function callTo(
  to: Address,
  signature: string,
  { args = [], from = person(0), value = 0n }: { args?: readonly unknown[]; from?: Address; value?: bigint },
): SimulatedCall {
  return { from, to, data: calldata(signature, args), value }
}

function calldata(signature: string, args: readonly unknown[]): Hex {
  const abi = parseAbiItem(`function ${signature}`) as AbiFunction
  return encodeFunctionData({ abi: [abi], args })
}

/** Sends a call as a transaction and waits until it is mined. Throws where it reverts. */
export async function send(world: World, call: SimulatedCall): Promise<Record<string, unknown>> {
  const { rpc } = world
  await rpc.request('anvil_setBalance', [call.from, RICH])
  const { from, to, data, value } = call
  const transaction = {
    from,
    data,
    gas: GAS,
    value: `0x${value.toString(16)}`,
    ...(to === null ? {} : { to }),
  }
  const hash = await rpc.request('eth_sendTransaction', [transaction])
  return receiptOf(rpc, hash).catch((cause: unknown) => {
    throw new Error(`${data.slice(0, 10)} on ${to ?? 'creation'}: ${messageOf(cause)}`)
  })
}

/** Sends calls one after the other. */
export async function sendAll(world: World, calls: readonly SimulatedCall[]): Promise<void> {
  for (const call of calls) await send(world, call)
}

/** The answer of a view: its first value as an address, number, … as viem gives it, raw. */
export async function read(world: World, to: Address, data: Hex): Promise<Hex> {
  return (await world.rpc.request('eth_call', [{ to, data }, 'latest'])) as Hex
}

/** An address that a view answers. */
export async function addressAt(
  world: World,
  to: Address,
  [signature, ...args]: readonly [string, ...unknown[]],
): Promise<Address> {
  const answer = await read(world, to, calldata(signature, args))
  return `0x${answer.slice(26, 66)}`
}

export async function latestBlock({ rpc }: World): Promise<number> {
  return Number(await rpc.request('eth_blockNumber', []))
}
