import type { Logger } from '../../kit/logger.ts'
import type { Env } from '../../kit/secret.ts'
import { openDatabase } from '../../store/database.ts'
import { databaseSettings } from '../../store/durability.ts'
import { type Check, ok, warning } from './check.ts'

type Options = { dataDir: string; env: Env; logger: Logger }

/** Maximum difference of two clocks, seconds. */
const MOST_SKEW = 2

/**
 * Whether the record can be stored, whether a power cut can destroy it, and whether its clock agrees with this
 * machine's.
 */
export async function databaseChecks({ dataDir, env, logger }: Options): Promise<Check[]> {
  const database = await openDatabase({ dataDir, env, logger })
  try {
    const before = Date.now()
    const settings = await databaseSettings(database.store)
    const ours = (before + Date.now()) / 2_000
    const isOwn = database.origin === 'embedded'
    const detail = isOwn ? `embedded PostgreSQL in ${dataDir}/postgres` : 'DATABASE_URL'
    return [
      ok('database', `${detail}, ${settings.version}`),
      durability(settings),
      privileges(settings),
      clock(settings.now - ours),
    ]
  } finally {
    await database.close()
  }
}

type Settings = Awaited<ReturnType<typeof databaseSettings>>

function durability(settings: Settings): Check {
  const name = 'database durability'
  const off = (['fsync', 'synchronous_commit', 'full_page_writes'] as const).filter(
    (setting) => settings[setting] === 'off',
  )
  if (off.length === 0) return ok(name, 'what is committed survives a power cut')
  return warning({
    name,
    detail: `${off.join(' and ')} ${off.length === 1 ? 'is' : 'are'} off: a power cut can lose or destroy the record`,
    fix: `ALTER SYSTEM SET ${off[0]} = on, for each, then restart PostgreSQL.`,
  })
}

function privileges({ superuser }: Settings): Check {
  const name = 'database user'
  if (!superuser) return ok(name, 'no superuser')
  return warning({
    name,
    detail: 'a superuser: whoever gets hold of DATABASE_URL may read files and run programs on that machine',
    fix: 'CREATE ROLE cordon LOGIN, make it the owner of a separate database, and use that.',
  })
}

function clock(skew: number): Check {
  const name = 'database clock'
  const seconds = Math.round(Math.abs(skew) * 10) / 10
  if (seconds <= MOST_SKEW) return ok(name, `${seconds} s from this machine’s`)
  return warning({
    name,
    detail: `${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} this machine’s`,
    fix: 'Set up NTP on both machines: times on the record come from both.',
  })
}
