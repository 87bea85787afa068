const URL_LIKE = /\b((?:https?|wss?|postgres(?:ql)?):\/\/)([^\s"'<>]+)/gi
const BEARER = /\b(bearer|token|secret|password|apikey|api_key|whsec_)([\s:=]*)([A-Za-z0-9+/_=-]{8,})/gi
/** By the word before: a token of a chain (its address, or a word of a sentence), and PostgreSQL's own sentence. */
const NO_SECRET: Readonly<Record<string, RegExp>> = {
  token: /^(0x[0-9a-f]{40}|[a-z]+)$/i,
  password: /^authentication$/,
}
const SECRET_NAME = /(private_?key|secret|password|passphrase|mnemonic|token|authorization|api_?key)$/i

/**
 * Hides secrets from output: credentials, paths and queries of URLs (RPC providers put keys there), bearer tokens and
 * webhook secrets. Hashes stay readable: {@link redactFacts} hides a 32-byte value only where its name shows that it is
 * a secret.
 */
export function redact(text: string): string {
  return text
    .replace(URL_LIKE, (_all, scheme: string, rest: string) => `${scheme}${redactHost(rest)}`)
    .replace(BEARER, (all, word: string, gap: string, value: string) =>
      isPlain(word, value) ? all : `${word}${gap}[redacted]`,
    )
}

function isPlain(word: string, value: string): boolean {
  return NO_SECRET[word.toLowerCase()]?.test(value) === true
}

/** An `@` behind the host may end credentials with a slash in them, or belong to the path: then nothing is shown. */
function redactHost(rest: string): string {
  const cut = rest.search(/[/?#]/)
  const authority = cut === -1 ? rest : rest.slice(0, cut)
  const tail = rest.slice(authority.length)
  if (tail.includes('@')) return '[redacted]'
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  return tail === '' || tail === '/' ? `${host}${tail}` : `${host}/[redacted]`
}

/** Redacts every string in a plain value, deeply; values under secret-sounding names are hidden completely. */
export function redactFacts(value: unknown): unknown {
  if (typeof value === 'string') return redact(value)
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(redactFacts)
  if (value === null || typeof value !== 'object') return value
  const hidden: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(value)) {
    const isSecret = SECRET_NAME.test(name) && !isPlain(name, String(inner))
    hidden[name] = isSecret ? '[redacted]' : redactFacts(inner)
  }
  return hidden
}
