import { createHmac } from 'node:crypto'
import pg from 'pg'

/** The role that Cordon works as on its own PostgreSQL. */
const ROLE = 'cordon_work'

/** Derived from the superuser's, which cannot be derived from it: nothing more has to be stored. */
export function workPassword(password: string): string {
  return createHmac('sha256', password).update(ROLE).digest('hex')
}

export function workUrlOf(url: string, password: string): string {
  const work = new URL(url)
  work.username = ROLE
  work.password = password
  return work.href
}

/** Creates the role, once, and gives it the tables of runs that an older Cordon created as the superuser. */
export async function ensureWorkRole(url: string, password: string): Promise<void> {
  await asOwner(url, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [ROLE])
    const verb = rowCount === 0 ? 'CREATE' : 'ALTER'
    await client.query(
      `${verb} ROLE ${ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${password}'`,
    )
    await client.query(RUNS)
  })
}

/** After migrations: the role may read and write everything, but not change or delete append-only data. */
export async function grantWork(url: string): Promise<void> {
  await asOwner(url, async (client) => {
    await client.query(GRANTS)
  })
}

async function asOwner(url: string, act: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    await act(client)
  } finally {
    await client.end()
  }
}

/** The library of durable runs creates its own schema, under the role that it connects as. */
const RUNS = `
DO $$
DECLARE it record;
BEGIN
  EXECUTE format('GRANT CREATE, CONNECT, TEMPORARY ON DATABASE %I TO ${ROLE}', current_database());
  IF NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'dbos' AND pg_get_userbyid(nspowner) <> '${ROLE}') THEN
    RETURN;
  END IF;
  ALTER SCHEMA dbos OWNER TO ${ROLE};
  FOR it IN SELECT relname, relkind FROM pg_class WHERE relnamespace = 'dbos'::regnamespace
    AND relkind IN ('r', 'p', 'v', 'm') LOOP
    EXECUTE format('ALTER TABLE dbos.%I OWNER TO ${ROLE}', it.relname);
  END LOOP;
  FOR it IN SELECT relname FROM pg_class WHERE relnamespace = 'dbos'::regnamespace AND relkind = 'S'
    AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('a', 'i')) LOOP
    EXECUTE format('ALTER SEQUENCE dbos.%I OWNER TO ${ROLE}', it.relname);
  END LOOP;
  FOR it IN SELECT oid::regprocedure AS signature FROM pg_proc WHERE pronamespace = 'dbos'::regnamespace LOOP
    EXECUTE format('ALTER ROUTINE %s OWNER TO ${ROLE}', it.signature);
  END LOOP;
END $$;
`

/**
 * Bits of pg_trigger.tgtype: 8 DELETE, 16 UPDATE. If a table’s own trigger rejects an operation, the role may not even
 * attempt it.
 */
const GRANTS = `
GRANT USAGE ON SCHEMA public TO ${ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${ROLE};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${ROLE};
REVOKE INSERT, UPDATE, DELETE ON cordon_migrations FROM ${ROLE};
DO $$
DECLARE it record;
BEGIN
  FOR it IN SELECT tgrelid::regclass AS name, bit_or(tgtype::int) AS bits FROM pg_trigger
    WHERE tgfoid = 'cordon_refuse_change'::regproc GROUP BY tgrelid LOOP
    IF it.bits & 8 <> 0 THEN EXECUTE format('REVOKE DELETE ON %s FROM ${ROLE}', it.name); END IF;
    IF it.bits & 16 <> 0 THEN EXECUTE format('REVOKE UPDATE ON %s FROM ${ROLE}', it.name); END IF;
  END LOOP;
END $$;
`
