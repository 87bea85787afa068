import { CordonError, messageOf } from '../../kit/error.ts'
import { redact } from '../../kit/redact.ts'
import { type Env, secretOf } from '../../kit/secret.ts'
import type { Config } from '../../model/config.ts'
import { channelKindOf } from '../../notify/registry.ts'
import { type Check, failed, failedBy, ok, warning } from './check.ts'

const PATIENCE_MS = 5_000

/** Whether each channel has its secrets and its address is reachable; delivers nothing. */
export async function channelChecks({ channels }: Config, env: Env): Promise<Check[]> {
  const checks = Object.entries(channels).map(async ([id, given]): Promise<Check[]> => {
    const found = channelKindOf(given)
    if (found === undefined) return []
    const name = `channel ${id}`
    try {
      for (const [option, variable] of Object.entries(found.kind.secrets(found.options)))
        secretOf(env, variable, `channels.${id}.${option}`)
    } catch (thrown) {
      return [failedBy(name, thrown)]
    }
    const url = found.kind.url(found.options)
    return url === null ? [] : [await reach(name, url)]
  })
  return (await Promise.all(checks)).flat()
}

/** Any answer to a HEAD shows that a server is there; most receivers refuse it, as they should. */
async function reach(name: string, url: string): Promise<Check> {
  const host = redact(url)
  const fix = 'Check the URL, the proxy and the firewall, then send a page: cordon drill reach'
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const { status } = await fetch(url, { method: 'HEAD', redirect: 'manual', signal })
    if (status >= 500) return warning({ name, detail: `${host} answers with ${status}`, fix })
    return ok(name, `${host} can be reached (HEAD: ${status}; nothing was sent)`)
  } catch (thrown) {
    return failed({ name, detail: `${host} cannot be reached: ${reasonOf(thrown)}`, fix })
  }
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof CordonError || !(thrown instanceof Error)) return messageOf(thrown)
  return messageOf(thrown.cause ?? thrown)
}
