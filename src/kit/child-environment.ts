/** What a program needs to run at all: where programs, home and temporary files are, language, time zone. Nothing else is handed on. */
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
/** How the way out of this machine is found. A proxy's URL may hold a password, so only a child that goes out is given these. */
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

/** The environment of a child process: no key, token or password of ours is in it. */
export function childEnvironment(env: Environment = process.env): Record<string, string> {
  return only(env, NEEDED)
}

/** As {@link childEnvironment}, with the proxies and certificates of a child that asks other machines. */
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
