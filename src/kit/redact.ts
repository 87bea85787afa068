const URL_LIKE = /\b((?:https?|wss?|postgres(?:ql)?):\/\/)([^\s"'<>]+)/gi
const BEARER = /\b(bearer|token|secret|password|apikey|api_key|whsec_)([\s:=]*)[A-Za-z0-9+/_=-]{8,}/gi
const SECRET_NAME = /(private_?key|secret|password|passphrase|mnemonic|token|authorization|api_?key)$/i

/**
 * Hides secrets from output: credentials, paths and queries of URLs (RPC providers put keys there), bearer tokens and
 * webhook secrets. Hashes stay readable: {@link redactFacts} hides a 32-byte value only where its name shows that it is
 * a secret.
 */
export function redact(text: string): string {
  return text
    .replace(URL_LIKE, (_all, scheme: string, rest: string) => `${scheme}${redactHost(rest)}`)
    .replace(BEARER, (_all, word: string, gap: string) => `${word}${gap}[redacted]`)
}

function redactHost(rest: string): string {
  const afterCredentials = rest.slice(rest.lastIndexOf('@') + 1)
  const cut = afterCredentials.search(/[/?#]/)
  if (cut === -1) return afterCredentials
  const tail = afterCredentials.slice(cut)
  return tail === '/' ? afterCredentials : `${afterCredentials.slice(0, cut)}/[redacted]`
}

/** Redacts every string in a plain value, deeply; values under secret-sounding names are hidden completely. */
export function redactFacts(value: unknown): unknown {
  if (typeof value === 'string') return redact(value)
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(redactFacts)
  if (value === null || typeof value !== 'object') return value
  const hidden: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(value)) {
    hidden[name] = SECRET_NAME.test(name) ? '[redacted]' : redactFacts(inner)
  }
  return hidden
}
