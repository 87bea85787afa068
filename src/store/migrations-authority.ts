import type { Migration } from './migrations-response.ts'

/** The people with authority here, and the signatures made on their authority. */
export const authorityMigrations: readonly Migration[] = [
  {
    id: 43,
    name: 'the installation, and standing authorisations that are counted by their hash',
    sql: `
-- What this installation is called in all that people sign for it: made once, never changed.
CREATE TABLE installation (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  id uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO installation DEFAULT VALUES;
CREATE TRIGGER installation_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON installation
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();

-- Standing authorisations that were signed with \`cordon levers authorize\`; those of the configuration are beside them.
CREATE TABLE authorisations (
  position int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Of the signed message: installation, chain and terms.
  hash text NOT NULL,
  signer text NOT NULL,
  document json NOT NULL,
  given_at int8 NOT NULL,
  UNIQUE (hash, signer)
);
CREATE TRIGGER authorisations_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON authorisations
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();

-- Taken back for ever, whoever signed them and wherever they stand.
CREATE TABLE revoked_authorisations (
  hash text PRIMARY KEY,
  author text NOT NULL CHECK (author <> ''),
  revoked_at int8 NOT NULL
);
CREATE TRIGGER revoked_authorisations_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON revoked_authorisations
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();

-- The authorisation under which it was signed; null where people approved it.
ALTER TABLE broadcasts ADD COLUMN authorisation_hash text;
CREATE INDEX broadcasts_by_authorisation ON broadcasts (authorisation_hash) WHERE authorisation_hash IS NOT NULL;
CREATE FUNCTION cordon_guard_authorisation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.authorisation_hash IS DISTINCT FROM OLD.authorisation_hash THEN
    RAISE EXCEPTION 'the authorisation of % may not change', OLD.plan_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER broadcasts_authorised BEFORE UPDATE ON broadcasts
  FOR EACH ROW EXECUTE FUNCTION cordon_guard_authorisation();
`,
  },
]
