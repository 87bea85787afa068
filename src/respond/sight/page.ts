import { messageOf } from '../../kit/error.ts'
import { sha256 } from '../../kit/json.ts'
import type { HealthReason } from '../../model/health.ts'
import type { Notification } from '../../model/notification.ts'
import { notifyRoles } from '../../notify/deliver.ts'
import type { App } from '../context.ts'
import { deliver } from '../outbox.ts'

export type Opening = { chainId: number; since: number; reasons: readonly HealthReason[] }

/** The page that reports that Cordon does not see a chain properly. */
export function openingPage(app: App, { chainId, since, reasons }: Opening): Notification {
  const isBlind = reasons.some(({ status }) => status === 'blind')
  const lines = reasons.map(({ message, detail }) =>
    detail === undefined ? message : `${message} ${detail}`,
  )
  return {
    ...pageOf(app, chainId, `opened:${since}`),
    severity: isBlind ? 'critical' : 'high',
    title: isBlind ? `Cordon is blind on chain ${chainId}` : `Cordon is falling behind on chain ${chainId}`,
    body: `${lines.join('\n')}\nCordon may miss attacks until this is over. Check with: cordon doctor`,
    facts: { chainId, since, codes: reasons.map(({ code }) => code) },
  }
}

/** The page that reports the end of the trouble. */
export function closingPage(app: App, { chainId, since }: Omit<Opening, 'reasons'>): Notification {
  const seconds = Math.round((app.clock.now() - since) / 1000)
  return {
    ...pageOf(app, chainId, `closed:${since}`),
    severity: 'info',
    title: `Cordon sees chain ${chainId} again`,
    body: `It lasted ${seconds} s. Blocks that were judged late are on record as late.`,
    facts: { chainId, since, seconds },
  }
}

function pageOf(
  { clock, kind }: App,
  chainId: number,
  part: string,
): Pick<Notification, 'id' | 'incidentId' | 'kind' | 'roles' | 'recipients' | 'at'> {
  const id = sha256(`sight:${chainId}:${part}`).slice(0, 32)
  return { id, incidentId: null, kind, roles: ['operations'], recipients: [], at: clock.now() }
}

/**
 * Pages through the outbox; without it if the database is unavailable: people must learn that Cordon is blind in any
 * case. Never throws.
 */
export async function sendPage(app: App, page: Notification): Promise<void> {
  const { logger, config, channels } = app
  logger.warn({ title: page.title, ...page.facts }, 'paging operations')
  try {
    await deliver(app, page)
  } catch (thrown) {
    logger.error({ reason: messageOf(thrown) }, 'the outbox cannot be used; paging without it')
    await notifyRoles({ roles: config.roles, channels: [...channels.values()], notification: page })
  }
}
