import type { Address } from '../model/hex.ts'
import type { DrillRole } from './accounts.ts'
import { type ContractName, encode, encodeCreation } from './artifacts.ts'
import type { DrillCall } from './gas.ts'

const CREATION_GAS = 6_000_000n

/** A role creates a contract. */
export function create(from: DrillRole, name: ContractName, args: readonly unknown[]): DrillCall {
  return { label: `create ${name}`, from, to: null, data: encodeCreation(name, args), gas: CREATION_GAS }
}

/** A role calls a function of a contract. */
export function call(
  from: DrillRole,
  to: Address,
  contract: ContractName,
  name: string,
  args: readonly unknown[] = [],
): DrillCall {
  return { label: `${from}: ${contract}.${name}`, from, to, data: encode(contract, name, args) }
}
