export type Migration = { id: number; name: string; sql: string }

/** The tables for responding to incidents: levers and signed messages. Ids continue from the previous ones. */
export const responseMigrations: readonly Migration[] = [
  {
    id: 8,
    name: 'levers',
    sql: `
-- What was found of a lever each time it was looked at; the newest block counts, and none is ever changed.
CREATE TABLE levers (
  position int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lever_id text NOT NULL,
  chain_id int8 NOT NULL,
  target text NOT NULL,
  block int8 NOT NULL,
  observed_at int8 NOT NULL,
  document json NOT NULL
);
CREATE INDEX levers_newest ON levers (lever_id, block DESC, position DESC);
CREATE INDEX levers_by_target ON levers (target, position);
CREATE TRIGGER levers_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON levers
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();
`,
  },
  {
    id: 9,
    name: 'signatures of Safe owners',
    sql: `
-- What owners signed for a Safe, one call under one nonce: kept for ever, worth nothing once the nonce has moved.
CREATE TABLE safe_signatures (
  position int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  chain_id int8 NOT NULL,
  safe text NOT NULL,
  nonce int8 NOT NULL,
  safe_tx_hash text NOT NULL,
  owner text NOT NULL,
  signature text NOT NULL,
  to_address text NOT NULL,
  data text NOT NULL,
  value numeric NOT NULL,
  plan_id text REFERENCES plans,
  given_at int8 NOT NULL,
  UNIQUE (safe_tx_hash, owner)
);
CREATE INDEX safe_signatures_by_chain ON safe_signatures (chain_id, position);
CREATE TRIGGER safe_signatures_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON safe_signatures
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();
`,
  },
  {
    id: 10,
    name: 'signed approvals',
    sql: `
-- What people signed about a plan, EIP-712: kept whatever it is worth, judged when it is used.
CREATE TABLE approvals (
  position int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  plan_id text NOT NULL REFERENCES plans,
  signer text NOT NULL,
  document json NOT NULL,
  -- Of terms, signer and signature: a true signature under false terms must not stand in the way of the true terms.
  digest text NOT NULL UNIQUE
);
CREATE TRIGGER approvals_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON approvals
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();
`,
  },
  {
    id: 11,
    name: 'signed answers to runs',
    sql: `
ALTER TABLE signals ADD COLUMN proof text NOT NULL DEFAULT 'named' CHECK (proof IN ('signed', 'named', 'unsigned'));
ALTER TABLE signals ADD COLUMN signature text;
`,
  },
  {
    id: 12,
    name: 'drills',
    sql: `
-- False in a drill that nobody answers.
ALTER TABLE runs ADD COLUMN people boolean NOT NULL DEFAULT true;

-- When it was signed, milliseconds since the epoch, by the database's clock; null for those of before.
ALTER TABLE broadcast_attempts ADD COLUMN signed_at int8;
ALTER TABLE broadcast_attempts ALTER COLUMN signed_at
  SET DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::int8;

-- How a drill went, whole: kept once, never changed.
CREATE TABLE drills (
  id text PRIMARY KEY,
  started_at int8 NOT NULL,
  document json NOT NULL
);
CREATE TRIGGER drills_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON drills
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();

-- Who is paged to see whether they can be reached. The codes themselves are never kept, only their hashes.
CREATE TABLE reach_tests (
  id text PRIMARY KEY,
  started_at int8 NOT NULL,
  document json NOT NULL
);
CREATE TRIGGER reach_tests_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON reach_tests
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();

-- What became of each page, and what came back.
CREATE TABLE reach_entries (
  position int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  test_id text NOT NULL REFERENCES reach_tests,
  document json NOT NULL
);
CREATE INDEX reach_entries_by_test ON reach_entries (test_id, position);
CREATE TRIGGER reach_entries_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON reach_entries
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();

-- Drills that the schedule began: one process takes each, the second insert fails.
CREATE TABLE scheduled_drills (
  schedule text NOT NULL,
  due_at int8 NOT NULL,
  started_at int8 NOT NULL,
  ended_at int8,
  outcome text CHECK (outcome IN ('passed', 'failed', 'missed')),
  detail text NOT NULL DEFAULT '',
  PRIMARY KEY (schedule, due_at)
);
`,
  },
  {
    id: 13,
    name: 'stolen funds that are watched',
    sql: `
-- Where stolen funds were after a block that moved them: the newest counts. A reorganisation takes its blocks' away, and what
-- is older than the finalised one is not kept; what was told of them stands on the timeline.
CREATE TABLE fund_flows (
  incident_id text NOT NULL REFERENCES incidents,
  chain_id int8 NOT NULL,
  block_number int8 NOT NULL,
  block_hash text,
  document json NOT NULL,
  PRIMARY KEY (incident_id, chain_id, block_number)
);
CREATE INDEX fund_flows_by_chain ON fund_flows (chain_id, block_number);
`,
  },
  {
    id: 14,
    name: 'notifications that are sent again, and storms of them',
    sql: `
-- When it is tried again, milliseconds since the epoch; null where nothing is left to do.
ALTER TABLE notifications ADD COLUMN next_at int8;
-- The channels that have not taken it; null before it was first tried: then all of them.
ALTER TABLE notifications ADD COLUMN missed text[];
-- What tells pages of one kind from others; null for what is never grouped.
ALTER TABLE notifications ADD COLUMN group_key text;
-- The message that speaks for it, where it was one of too many.
ALTER TABLE notifications ADD COLUMN digest_id text;
ALTER TABLE notifications DROP CONSTRAINT notifications_state_check;
ALTER TABLE notifications ADD CONSTRAINT notifications_state_check
  CHECK (state IN ('queued', 'delivered', 'failed', 'grouped'));
CREATE INDEX notifications_due ON notifications (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX notifications_by_group ON notifications (group_key, queued_at);
CREATE INDEX notifications_undigested ON notifications (group_key) WHERE state = 'grouped' AND digest_id IS NULL;
-- What a process that died left behind is sent after all.
UPDATE notifications SET next_at = queued_at WHERE state = 'queued';
`,
  },
]
