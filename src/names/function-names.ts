import { toFunctionSelector, toFunctionSignature } from 'viem'
import { leverTemplates } from '../contain/levers/registry.ts'
import { families } from '../facts/actions/families.ts'
import type { Abi } from '../forensics/decode/abi.ts'
import type { Hex } from '../model/hex.ts'

/** Functions of common standards: ERC-20, ERC-721, ERC-2612, WETH. */
const COMMON = [
  'transfer(address,uint256)',
  'transferFrom(address,address,uint256)',
  'approve(address,uint256)',
  'safeTransferFrom(address,address,uint256)',
  'permit(address,address,uint256,uint256,uint8,bytes32,bytes32)',
  'deposit()',
  'withdraw(uint256)',
  'initialize()',
  'initialize(address)',
  'init(address)',
  'burn(uint256)',
  'mint(address,uint256)',
]

/** The functions that undo pauses: a template knows them only for a lever that it has found. */
const OPENING = [
  'unpause()',
  'unpause(address)',
  'unpauseAll()',
  'unpauseContract()',
  'unpauseDeposits()',
  'unpausePool(address)',
  'unpauseProtocol()',
  'unpauseVault()',
  'unfreeze()',
  'unfreezeAll()',
  'unsuspend()',
  'unpanic()',
  'resume()',
  'startAll()',
  'start()',
  'open()',
]

/** Signatures by selector, of all functions that Cordon knows. Two functions may share a selector: the first counts. */
export const functionNames: ReadonlyMap<Hex, string> = new Map(
  [
    ...COMMON,
    ...OPENING,
    ...families.flatMap(({ calls }) => calls.map((call) => toFunctionSignature(`function ${call.function}`))),
    ...leverTemplates.map(({ signature }) => signature),
  ]
    .reverse()
    .map((signature) => [toFunctionSelector(signature), signature]),
)

/** The same with those of given ABIs, which take precedence. */
export function namesWith(given: readonly { abi: Abi }[]): ReadonlyMap<Hex, string> {
  const own = given.flatMap(({ abi }) =>
    [...abi.functions].flatMap(([selector, [entry]]) =>
      entry === undefined ? [] : [[selector, entry.signature] as const],
    ),
  )
  return new Map([...functionNames, ...own])
}
