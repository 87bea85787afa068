import { CordonError, messageOf } from '../kit/error.ts'
import type { Channel, Notification } from '../model/notification.ts'
import type { RoleId, Roles } from '../model/role.ts'
import { printableNotification } from './printable.ts'

type DeliveryError = { code: string; message: string; fix: string }

/** The outcome of a notification for one role, person and channel. */
export type DeliveryResult =
  | { outcome: 'delivered'; role: RoleId; person: string; channel: string }
  | { outcome: 'failed'; role: RoleId; person: string; channel: string; error: DeliveryError }
  /** No delivery was tried: the role is empty, or the person has no channel, or one that is not configured. */
  | {
      outcome: 'unreachable'
      role: RoleId
      person: string | null
      channel: string | null
      error: DeliveryError
    }

type Address = { role: RoleId; person: string; channel: string }

/**
 * Sends a notification to everybody who has one of its roles, over each of their channels, each channel once with all
 * its recipients, all channels in parallel. Never throws: returns the outcome for each person and channel, and for a
 * role without people that nobody was notified.
 */
export async function notifyRoles(options: {
  roles: Roles
  channels: readonly Channel[]
  notification: Notification
  /** Channels to send over; all by default. */
  only?: readonly string[]
}): Promise<DeliveryResult[]> {
  const notification = printableNotification(options.notification)
  const { only } = options
  const all = addressesOf(options.roles, notification.roles)
  const addresses =
    only === undefined ? all.addresses : all.addresses.filter(({ channel }) => only.includes(channel))
  const unreachable = only === undefined ? all.unreachable : []
  const ids = [...new Set(addresses.map(({ channel }) => channel))]
  const delivered = await Promise.all(
    ids.map((id) => {
      const on = addresses.filter(({ channel }) => channel === id)
      const channel = options.channels.find((known) => known.id === id)
      return channel ? deliverTo(channel, on, notification) : on.map(unknownChannel)
    }),
  )
  return [...unreachable, ...delivered.flat()]
}

function addressesOf(
  roles: Roles,
  wanted: readonly RoleId[],
): { addresses: Address[]; unreachable: DeliveryResult[] } {
  const addresses: Address[] = []
  const unreachable: DeliveryResult[] = []
  for (const role of new Set(wanted)) {
    const people = roles[role] ?? []
    if (people.length === 0) unreachable.push(nobody(role))
    for (const { name, channels } of people) {
      if (channels.length === 0) unreachable.push(noChannel(role, name))
      for (const channel of new Set(channels)) addresses.push({ role, person: name, channel })
    }
  }
  return { addresses, unreachable }
}

async function deliverTo(
  channel: Channel,
  addresses: readonly Address[],
  notification: Notification,
): Promise<DeliveryResult[]> {
  const recipients = [...new Set(addresses.map(({ person }) => person))]
  try {
    await channel.deliver({ ...notification, recipients })
    return addresses.map((address) => ({ outcome: 'delivered', ...address }))
  } catch (thrown) {
    const error = errorOf(thrown)
    return addresses.map((address) => ({ outcome: 'failed', ...address, error }))
  }
}

function errorOf(thrown: unknown): DeliveryError {
  if (thrown instanceof CordonError) return { code: thrown.code, message: thrown.summary, fix: thrown.fix }
  const fix = 'Reach these people another way, then look at the channel.'
  return { code: 'notify.DeliveryFailed', message: messageOf(thrown), fix }
}

function nobody(role: RoleId): DeliveryResult {
  const error = {
    code: 'notify.NobodyInRole',
    message: `Nobody has the role ${role}.`,
    fix: `Name at least one person under \`roles.${role}\` in the configuration.`,
  }
  return { outcome: 'unreachable', role, person: null, channel: null, error }
}

function noChannel(role: RoleId, person: string): DeliveryResult {
  const error = {
    code: 'notify.NoChannel',
    message: `${person} has no channel.`,
    fix: `Give ${person} at least one of the configured channels.`,
  }
  return { outcome: 'unreachable', role, person, channel: null, error }
}

function unknownChannel(address: Address): DeliveryResult {
  const error = {
    code: 'notify.NoChannel',
    message: `There is no channel ${address.channel}.`,
    fix: `Configure a channel named ${address.channel}, or give ${address.person} another.`,
  }
  return { outcome: 'unreachable', ...address, error }
}
