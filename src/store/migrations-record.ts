import type { Migration } from './migrations-response.ts'

/** The record as a chain: of each incident's timeline, and of the ends of all incidents. */
export const recordMigrations: readonly Migration[] = [
  {
    id: 50,
    name: 'timeline entries are chained by their hashes',
    sql: `
-- Null for entries that were written before there were hashes.
ALTER TABLE timeline ADD COLUMN previous text, ADD COLUMN hash text;
ALTER TABLE incidents ADD COLUMN timeline_head text NOT NULL DEFAULT repeat('0', 64);

-- Hashed where it is numbered, under the same lock, so that no writer can leave it out. The text is the canonical JSON
-- of incidents/timeline-chain.ts: fields sorted by name; facts are written as canonical JSON already.
CREATE OR REPLACE FUNCTION cordon_number_timeline() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE incidents SET timeline_count = timeline_count + 1 WHERE id = NEW.incident_id
    RETURNING timeline_count, timeline_head INTO NEW.sequence, NEW.previous;
  IF NEW.sequence IS NULL THEN
    RAISE EXCEPTION 'no incident %', NEW.incident_id USING ERRCODE = 'foreign_key_violation';
  END IF;
  NEW.hash := encode(sha256(convert_to(
    '{"author":' || to_json(NEW.author) || ',"discoveryTime":' || NEW.discovery_time
    || ',"eventTime":' || NEW.event_time || ',"facts":' || NEW.facts
    || ',"incidentId":' || to_json(NEW.incident_id) || ',"kind":' || to_json(NEW.kind)
    || ',"message":' || to_json(NEW.message) || ',"previous":' || to_json(NEW.previous)
    || ',"sequence":' || NEW.sequence || '}', 'UTF8')), 'hex');
  UPDATE incidents SET timeline_head = NEW.hash WHERE id = NEW.incident_id;
  PERFORM pg_notify('cordon', NEW.incident_id || ':' || NEW.sequence);
  RETURN NEW;
END $$;
`,
  },
  {
    id: 51,
    name: 'seals: the ends of all incidents in one signed chain',
    sql: `
CREATE TABLE seals (
  number int4 PRIMARY KEY,
  sealed_at int8 NOT NULL,
  -- Canonical JSON: the ends of the incidents that had grown since the seal before.
  incidents text NOT NULL,
  previous text NOT NULL,
  hash text NOT NULL UNIQUE,
  -- Ed25519: the public key, raw, and the signature over the hash; both hex.
  public_key text NOT NULL,
  signature text NOT NULL
);
CREATE TRIGGER seals_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON seals
  FOR EACH STATEMENT EXECUTE FUNCTION cordon_refuse_change();

CREATE FUNCTION cordon_extend_seals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE newest seals%ROWTYPE;
BEGIN
  SELECT * INTO newest FROM seals ORDER BY number DESC LIMIT 1;
  IF NEW.number <> coalesce(newest.number, 0) + 1 OR NEW.previous <> coalesce(newest.hash, repeat('0', 64)) THEN
    RAISE EXCEPTION 'seal % does not extend the chain', NEW.number USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER seals_extend BEFORE INSERT ON seals FOR EACH ROW EXECUTE FUNCTION cordon_extend_seals();

-- How much of each incident is sealed: what is not here, or less, is sealed next.
CREATE TABLE sealed_incidents (
  incident_id text PRIMARY KEY REFERENCES incidents,
  timeline_count int4 NOT NULL,
  evidence_count int4 NOT NULL
);
`,
  },
]
