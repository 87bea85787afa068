import type { Migration } from './migrations-response.ts'

/** The answers owed to attack transactions: one for each. */
export const answersMigrations: readonly Migration[] = [
  {
    id: 40,
    name: 'answers that are owed',
    sql: `
-- Alerts that ask for a response, in the order in which they were recorded; one that a reorg gave back is owed again. Who
-- answered: a run, or the state that the incident was moved to. Null: nobody yet.
CREATE TABLE owed_answers (
  position int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident_id text NOT NULL REFERENCES incidents,
  alert_hash text NOT NULL,
  owed_at int8 NOT NULL,
  answered_by text
);
CREATE INDEX owed_answers_open ON owed_answers (incident_id) WHERE answered_by IS NULL;
CREATE INDEX owed_answers_by_run ON owed_answers (answered_by, position);

-- Steps that contain right now, and whether the part of the run that answers an attack is over.
ALTER TABLE runs ADD COLUMN containing text[] NOT NULL DEFAULT '{}';
ALTER TABLE runs ADD COLUMN answered boolean NOT NULL DEFAULT true;
ALTER TABLE runs ALTER COLUMN answered SET DEFAULT false;
-- Plans that a step of the run carries out as soon as people approve them.
ALTER TABLE runs ADD COLUMN awaiting text[] NOT NULL DEFAULT '{}';
CREATE INDEX runs_answering ON runs (incident_id) WHERE state = 'running';
`,
  },
  {
    id: 41,
    name: 'levers that are being pulled',
    sql: `
-- A plan that is about to be sent holds its lever, so that no other plan pulls it beside it, in this incident or another:
-- until its step ends, or, once it is signed, until it is mined. What was pulled without people is counted by it.
CREATE TABLE lever_pulls (
  plan_id text PRIMARY KEY REFERENCES plans,
  run_id text NOT NULL REFERENCES runs,
  chain_id int8 NOT NULL,
  target text NOT NULL,
  calldata text NOT NULL,
  is_automatic boolean NOT NULL,
  -- milliseconds since the epoch
  taken_at int8 NOT NULL
);
CREATE INDEX lever_pulls_by_lever ON lever_pulls (chain_id, target, taken_at);
`,
  },
]
