import { answersMigrations } from './migrations-answers.ts'
import { authorityMigrations } from './migrations-authority.ts'
import { partialMigrations } from './migrations-partial.ts'
import { recordMigrations } from './migrations-record.ts'
import { type Migration, responseMigrations } from './migrations-response.ts'
import { restartMigrations } from './migrations-restart.ts'

/**
 * Numbered migrations, oldest first. Never edit a released one: add another. Times are milliseconds since the Unix
 * epoch (int8); documents are `json`, not `jsonb`, because chain text may contain \u0000, which jsonb rejects; evidence
 * bodies are exactly the text that was hashed.
 */
export const migrations: readonly Migration[] = [
  {
    id: 1,
    name: 'incidents and their record',
    sql: `
CREATE TABLE incidents (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('normal', 'drill', 'backfilled')),
  state text NOT NULL CHECK (state IN ('open', 'contained', 'stable', 'withdrawn', 'closed')),
  title text NOT NULL,
  chain_id int8 NOT NULL,
  severity text NOT NULL,
  categories text[] NOT NULL,
  protected text[] NOT NULL,
  victims text[] NOT NULL,
  actors text[] NOT NULL,
  transactions text[] NOT NULL,
  started_at int8,
  discovered_at int8 NOT NULL,
  timeline_count int4 NOT NULL DEFAULT 0,
  evidence_count int4 NOT NULL DEFAULT 0,
  evidence_head text NOT NULL DEFAULT repeat('0', 64)
);
CREATE INDEX incidents_by_state ON incidents (state, discovered_at);

CREATE TABLE alerts (
  incident_id text NOT NULL REFERENCES incidents,
  alert_hash text NOT NULL,
  fingerprint text NOT NULL,
  chain_id int8 NOT NULL,
  block_number int8 NOT NULL,
  block_hash text,
  pending boolean NOT NULL,
  recorded_at int8 NOT NULL,
  withdrawn_at int8,
  document json NOT NULL,
  position int8 GENERATED ALWAYS AS IDENTITY,
  PRIMARY KEY (incident_id, alert_hash)
);
CREATE INDEX alerts_by_hash ON alerts (alert_hash);
CREATE INDEX alerts_by_fingerprint ON alerts (fingerprint);
CREATE INDEX alerts_by_block ON alerts (chain_id, block_hash);

CREATE TABLE findings (
  incident_id text NOT NULL,
  alert_hash text NOT NULL,
  ordinal int4 NOT NULL,
  fingerprint text NOT NULL,
  detector text NOT NULL,
  severity text NOT NULL,
  transaction_hash text NOT NULL,
  document json NOT NULL,
  PRIMARY KEY (incident_id, alert_hash, ordinal),
  FOREIGN KEY (incident_id, alert_hash) REFERENCES alerts
);

CREATE TABLE timeline (
  incident_id text NOT NULL REFERENCES incidents,
  sequence int4 NOT NULL,
  kind text NOT NULL,
  event_time int8 NOT NULL,
  discovery_time int8 NOT NULL,
  author text NOT NULL,
  message text NOT NULL,
  facts json NOT NULL,
  position int8 GENERATED ALWAYS AS IDENTITY UNIQUE,
  PRIMARY KEY (incident_id, sequence)
);

CREATE TABLE evidence (
  incident_id text NOT NULL REFERENCES incidents,
  sequence int4 NOT NULL,
  kind text NOT NULL,
  recorded_at int8 NOT NULL,
  body text NOT NULL,
  previous text NOT NULL,
  hash text NOT NULL UNIQUE,
  PRIMARY KEY (incident_id, sequence)
);

CREATE FUNCTION cordon_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER timeline_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON timeline
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();
CREATE TRIGGER evidence_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();

-- The counter is the incident's own row: its lock makes concurrent appends wait for one another, and a
-- rolled-back append gives its number back. A sequence would leave gaps.
CREATE FUNCTION cordon_number_timeline() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE incidents SET timeline_count = timeline_count + 1 WHERE id = NEW.incident_id
    RETURNING timeline_count INTO NEW.sequence;
  IF NEW.sequence IS NULL THEN
    RAISE EXCEPTION 'no incident %', NEW.incident_id USING ERRCODE = 'foreign_key_violation';
  END IF;
  PERFORM pg_notify('cordon', NEW.incident_id || ':' || NEW.sequence);
  RETURN NEW;
END $$;
CREATE TRIGGER timeline_numbered BEFORE INSERT ON timeline
  FOR EACH ROW EXECUTE FUNCTION cordon_number_timeline();

CREATE FUNCTION cordon_extend_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE incidents SET evidence_count = NEW.sequence, evidence_head = NEW.hash
    WHERE id = NEW.incident_id AND evidence_count = NEW.sequence - 1 AND evidence_head = NEW.previous;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'evidence of % does not extend its chain', NEW.incident_id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER evidence_extends BEFORE INSERT ON evidence
  FOR EACH ROW EXECUTE FUNCTION cordon_extend_evidence();
`,
  },
  {
    id: 2,
    name: 'playbooks and runs',
    sql: `
CREATE TABLE playbooks (
  content_hash text PRIMARY KEY,
  playbook_id text NOT NULL,
  source text NOT NULL,
  document json NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE runs (
  id text PRIMARY KEY,
  incident_id text NOT NULL REFERENCES incidents,
  playbook_id text NOT NULL,
  content_hash text NOT NULL REFERENCES playbooks,
  state text NOT NULL CHECK (state IN ('running', 'succeeded', 'failed')),
  started_at int8 NOT NULL,
  ended_at int8,
  UNIQUE (incident_id, playbook_id)
);

CREATE TABLE run_steps (
  run_id text NOT NULL REFERENCES runs,
  step_id text NOT NULL,
  ordinal int4 GENERATED ALWAYS AS IDENTITY,
  document json NOT NULL,
  PRIMARY KEY (run_id, step_id)
);
`,
  },
  {
    id: 3,
    name: 'containment',
    sql: `
CREATE TABLE plans (
  id text PRIMARY KEY,
  incident_id text NOT NULL REFERENCES incidents,
  chain_id int8 NOT NULL,
  document json NOT NULL,
  position int8 GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX plans_by_incident ON plans (incident_id);

CREATE TABLE simulations (
  plan_id text NOT NULL REFERENCES plans,
  position int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  document json NOT NULL
);
CREATE INDEX simulations_by_plan ON simulations (plan_id);

CREATE TABLE verifications (
  plan_id text NOT NULL REFERENCES plans,
  position int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  document json NOT NULL
);
CREATE INDEX verifications_by_plan ON verifications (plan_id);

CREATE TABLE broadcasts (
  plan_id text PRIMARY KEY REFERENCES plans,
  chain_id int8 NOT NULL,
  from_address text NOT NULL,
  nonce int8 NOT NULL,
  raw_transaction text NOT NULL,
  transaction_hash text NOT NULL UNIQUE,
  state text NOT NULL CHECK (state IN ('signed', 'sent', 'mined', 'reverted', 'abandoned')),
  block_number int8,
  block_hash text
);
-- An abandoned transaction was never mined: the chain still waits for its nonce, so another plan may use it.
CREATE UNIQUE INDEX broadcasts_one_per_nonce ON broadcasts (chain_id, from_address, nonce)
  WHERE state <> 'abandoned';

-- What may never change once signed: a retry sends these very bytes.
CREATE FUNCTION cordon_guard_broadcast() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.plan_id, NEW.chain_id, NEW.from_address, NEW.nonce, NEW.raw_transaction, NEW.transaction_hash)
    IS DISTINCT FROM
    (OLD.plan_id, OLD.chain_id, OLD.from_address, OLD.nonce, OLD.raw_transaction, OLD.transaction_hash) THEN
    RAISE EXCEPTION 'the signed transaction of % may not change', OLD.plan_id USING ERRCODE = 'restrict_violation';
  END IF;
  IF NOT (NEW.state = OLD.state
    OR (OLD.state = 'signed' AND NEW.state IN ('sent', 'abandoned'))
    OR (OLD.state = 'sent' AND NEW.state IN ('mined', 'reverted', 'abandoned'))
    OR (OLD.state IN ('mined', 'reverted') AND NEW.state = 'sent')) THEN
    RAISE EXCEPTION 'broadcast of % may not go from % to %', OLD.plan_id, OLD.state, NEW.state
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER broadcasts_guarded BEFORE UPDATE ON broadcasts
  FOR EACH ROW EXECUTE FUNCTION cordon_guard_broadcast();
CREATE TRIGGER broadcasts_kept BEFORE DELETE OR TRUNCATE ON broadcasts
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();
`,
  },
  {
    id: 4,
    name: 'cursors and notifications',
    sql: `
CREATE TABLE cursors (
  chain_id int8 PRIMARY KEY,
  processed_number int8,
  processed_hash text,
  finalized_number int8,
  finalized_hash text
);

CREATE TABLE notifications (
  id text PRIMARY KEY,
  incident_id text REFERENCES incidents,
  state text NOT NULL CHECK (state IN ('queued', 'delivered', 'failed')),
  attempts int4 NOT NULL DEFAULT 0,
  last_error text,
  queued_at int8 NOT NULL,
  settled_at int8,
  document json NOT NULL
);
CREATE INDEX notifications_queued ON notifications (queued_at) WHERE state = 'queued';
`,
  },
  {
    id: 5,
    name: 'verdicts, traffic and remarks',
    sql: `
-- What people found an incident to be; the newest counts, none is ever lost.
CREATE TABLE verdicts (
  position int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident_id text NOT NULL REFERENCES incidents,
  verdict text NOT NULL CHECK (verdict IN ('attack', 'benign-trigger', 'false-alarm')),
  author text NOT NULL,
  reason text NOT NULL,
  given_at int8 NOT NULL
);
CREATE INDEX verdicts_by_incident ON verdicts (incident_id, position DESC);
CREATE TRIGGER verdicts_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON verdicts
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();

-- Clean transactions of protected contracts, and the time watched: what guarantees are counted from.
CREATE TABLE traffic (
  chain_id int8 PRIMARY KEY,
  transactions int8 NOT NULL,
  days float8 NOT NULL
);

-- Findings that belong to no incident: said in shadow, or in too low a voice to open one.
CREATE TABLE remarks (
  position int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  fingerprint text NOT NULL,
  chain_id int8 NOT NULL,
  block_hash text,
  detector text NOT NULL,
  shadow boolean NOT NULL,
  recorded_at int8 NOT NULL,
  document json NOT NULL
);
CREATE UNIQUE INDEX remarks_once ON remarks (fingerprint, coalesce(block_hash, 'pending'));
CREATE INDEX remarks_by_time ON remarks (recorded_at);

-- A finding may be about a block as a whole.
ALTER TABLE findings ALTER COLUMN transaction_hash DROP NOT NULL;
`,
  },
  {
    id: 6,
    name: 'replacements of a broadcast',
    sql: `
-- Every transaction ever signed for a plan. While they share a nonce at most one of them can be mined.
CREATE TABLE broadcast_attempts (
  plan_id text NOT NULL REFERENCES broadcasts,
  attempt int4 NOT NULL,
  nonce int8 NOT NULL,
  raw_transaction text NOT NULL,
  transaction_hash text NOT NULL UNIQUE,
  reason text NOT NULL,
  PRIMARY KEY (plan_id, attempt)
);
INSERT INTO broadcast_attempts (plan_id, attempt, nonce, raw_transaction, transaction_hash, reason)
  SELECT plan_id, 1, nonce, raw_transaction, transaction_hash, 'first' FROM broadcasts;
CREATE TRIGGER broadcast_attempts_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON broadcast_attempts
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();

-- The broadcast is one of its attempts, never bytes from elsewhere.
CREATE OR REPLACE FUNCTION cordon_guard_broadcast() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.plan_id, NEW.chain_id, NEW.from_address) IS DISTINCT FROM (OLD.plan_id, OLD.chain_id, OLD.from_address)
    OR NOT EXISTS (SELECT 1 FROM broadcast_attempts WHERE plan_id = NEW.plan_id AND nonce = NEW.nonce
      AND raw_transaction = NEW.raw_transaction AND transaction_hash = NEW.transaction_hash) THEN
    RAISE EXCEPTION 'the signed transaction of % may not change', OLD.plan_id USING ERRCODE = 'restrict_violation';
  END IF;
  IF NOT (NEW.state = OLD.state
    OR (OLD.state = 'signed' AND NEW.state IN ('sent', 'abandoned'))
    OR (OLD.state = 'sent' AND NEW.state IN ('mined', 'reverted', 'abandoned'))
    OR (OLD.state IN ('mined', 'reverted') AND NEW.state = 'sent')) THEN
    RAISE EXCEPTION 'broadcast of % may not go from % to %', OLD.plan_id, OLD.state, NEW.state
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
`,
  },
  {
    id: 7,
    name: 'signals of people to runs',
    sql: `
-- What people said to waiting runs; kept before it is delivered, and never changed.
CREATE TABLE signals (
  position int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id text NOT NULL REFERENCES runs,
  target text NOT NULL,
  answer text NOT NULL CHECK (answer IN ('done', 'refuse')),
  author text NOT NULL,
  roles json NOT NULL,
  note text NOT NULL,
  given_at int8 NOT NULL
);
CREATE INDEX signals_by_run ON signals (run_id, position);
CREATE TRIGGER signals_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON signals
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();

-- Who began a run: 'cordon' where an alert did.
ALTER TABLE runs ADD COLUMN author text NOT NULL DEFAULT 'cordon';
`,
  },
  ...responseMigrations,
  ...restartMigrations,
  ...partialMigrations,
  ...authorityMigrations,
  ...answersMigrations,
  ...recordMigrations,
]
