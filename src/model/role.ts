import { z } from 'zod'
import { givenAddressSchema } from './given-address.ts'
import type { Address } from './hex.ts'

/** Roles as SEAL and the config name them. Playbooks address roles, never people. */
export const roleIds = [
  'incident-leader',
  'operations',
  'communications',
  'guardian',
  'protocol-lead',
  'auditor',
  'validator-liaison',
] as const
export const roleIdSchema = z.enum(roleIds)
export type RoleId = z.infer<typeof roleIdSchema>

export const personSchema = z.object({
  name: z.string().min(1),
  /** Names of channels in the config. */
  channels: z.array(z.string()).default([]),
  /** The address that this person signs approvals with. */
  address: givenAddressSchema.optional(),
})

export const rolesSchema = z.partialRecord(roleIdSchema, z.array(personSchema))
export type Roles = z.infer<typeof rolesSchema>

/** The roles that the configuration gives to the person of this name. */
export function rolesOf(roles: Roles, name: string): RoleId[] {
  return roleIds.filter((role) => roles[role]?.some((person) => person.name === name))
}

/** Addresses of the people in roles. */
export function peopleOf({ roles }: { roles: Roles }): Address[] {
  return Object.values(roles).flatMap((people) => people.flatMap(({ address }) => address ?? []))
}
