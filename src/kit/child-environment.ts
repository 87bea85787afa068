/**
 * The variables that a program needs to run at all: paths of programs, home and temporary files, language, time zone.
 * No others are passed on.
 */
const NEEDED = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TMP',
  'TEMP',
  'LANG',
  'LC_ALL',
  'TZ',
  'XDG_CACHE_HOME',
  'SystemRoot',
]
/**
 * The variables for outbound connections. A proxy's URL may contain a password, so only a child that connects to other
 * machines receives these.
 */
const OUTBOUND = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
]

type Environment = Readonly<Record<string, string | undefined>>

/** The environment of a child process: it contains none of our keys, tokens or passwords. */
export function childEnvironment(env: Environment = process.env): Record<string, string> {
  return only(env, NEEDED)
}

/** Like {@link childEnvironment}, with the proxies and certificates for a child that connects to other machines. */
export function outboundEnvironment(env: Environment = process.env): Record<string, string> {
  return only(env, [...NEEDED, ...OUTBOUND])
}

function only(env: Environment, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
