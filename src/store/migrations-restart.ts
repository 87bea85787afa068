import type { Migration } from './migrations-response.ts'

/** The state from which a restarted Cordon continues. Ids continue from the previous ones. */
export const restartMigrations: readonly Migration[] = [
  {
    id: 30,
    name: 'states that survive a restart',
    sql: `
-- What detectors and their surroundings knew as of a final block, one row each, replaced as a whole: bytes of this program.
CREATE TABLE snapshots (
  chain_id int8 NOT NULL,
  -- A detector, or what surrounds them.
  part text NOT NULL,
  -- The final block that detectors had seen, and the newest one that their surroundings had.
  final_number int8 NOT NULL,
  final_hash text,
  newest_number int8 NOT NULL,
  version int4 NOT NULL,
  -- Hash of options and scope.
  fit text NOT NULL,
  taken_at int8 NOT NULL,
  -- SHA-256 of the bytes.
  digest text NOT NULL,
  state bytea NOT NULL,
  PRIMARY KEY (chain_id, part)
);

-- The newest processed blocks, with what was learned beside them: a reorganisation while nobody watched is walked back to
-- the common ancestor, and a replay shows detectors exactly what they were shown before.
CREATE TABLE recent_blocks (
  chain_id int8 NOT NULL,
  number int8 NOT NULL,
  hash text NOT NULL,
  observed json NOT NULL,
  PRIMARY KEY (chain_id, number)
);

ALTER TABLE cursors ADD COLUMN first_number int8;
ALTER TABLE cursors ADD COLUMN moves_applied int8 NOT NULL DEFAULT 0;

-- Blocks that people had left out: who, which and why. Carried out at the next start; never changed.
CREATE TABLE cursor_moves (
  position int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  chain_id int8 NOT NULL,
  -- The first block that is left out, and the one that reading goes on with.
  from_number int8 NOT NULL,
  to_number int8 NOT NULL CHECK (to_number > from_number),
  author text NOT NULL CHECK (author <> ''),
  reason text NOT NULL CHECK (reason <> ''),
  moved_at int8 NOT NULL
);
CREATE INDEX cursor_moves_by_chain ON cursor_moves (chain_id, position);
CREATE TRIGGER cursor_moves_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON cursor_moves
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();

-- The block of its first alert was old when Cordon came to it.
ALTER TABLE incidents ADD COLUMN found_late boolean NOT NULL DEFAULT false;
`,
  },
]
