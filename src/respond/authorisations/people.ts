import type { Config } from '../../model/config.ts'
import type { Address } from '../../model/hex.ts'
import { roleIds } from '../../model/role.ts'

/** An address with the name and the roles that the configuration gives it. */
export function namedPerson({ roles }: Pick<Config, 'roles'>, address: Address): string {
  const has = roleIds.filter((role) => roles[role]?.some((person) => person.address === address))
  const [first] = has
  const name = first === undefined ? undefined : roles[first]?.find((one) => one.address === address)?.name
  return name === undefined ? address : `${name} (${has.join(', ')}, ${address})`
}
