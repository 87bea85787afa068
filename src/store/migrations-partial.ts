import type { Migration } from './migrations-response.ts'

/** Blocks that were judged with incomplete data. */
export const partialMigrations: readonly Migration[] = [
  {
    id: 20,
    name: 'partial blocks',
    sql: `
-- Blocks that could not be read in full: which transactions were not seen and which detectors were blind to them. They
-- are read again in the background: healed where that worked, given up where it cannot.
CREATE TABLE partial_blocks (
  chain_id int8 NOT NULL,
  block_number int8 NOT NULL,
  block_hash text NOT NULL,
  block_timestamp int8,
  gaps json NOT NULL,
  blind_detectors json NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'healed', 'given-up')),
  recorded_at int8 NOT NULL,
  settled_at int8,
  PRIMARY KEY (chain_id, block_hash)
);
CREATE INDEX partial_blocks_open ON partial_blocks (chain_id, block_number) WHERE state = 'open';
`,
  },
  {
    id: 31,
    name: 'attempts of a response',
    sql: `
-- An incident that is open again is answered again: each attempt is a run of its own.
ALTER TABLE runs ADD COLUMN attempt int4 NOT NULL DEFAULT 1;
ALTER TABLE runs DROP CONSTRAINT runs_incident_id_playbook_id_key;
ALTER TABLE runs ADD UNIQUE (incident_id, playbook_id, attempt);
`,
  },
]
