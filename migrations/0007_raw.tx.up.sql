-- What rebuilding records from their payloads needs, and what becomes of payloads whose time is up.

-- The instant of the record that the payload gave, so that a record can be found from its payload. The
-- payloads that have been replaced by a later one keep none: no record is theirs.
ALTER TABLE raw_records ADD COLUMN observed_at timestamptz;
UPDATE raw_records w SET observed_at = r.observed_at
    FROM records r, listings l
    WHERE r.raw_id = w.id AND l.id = r.listing_id AND l.source_id = w.source_id AND l.external_id = w.external_id;

-- The payloads of the newest records, kept when the rest of their month is dropped.
CREATE TABLE raw_kept (LIKE raw_records INCLUDING ALL);

-- How far the records of each source have been derived again. The payloads are gone through in the order
-- of their primary key, backwards: after stands for the one dealt with last, empty at the beginning.
CREATE TABLE rebuilds (
    source_id         smallint PRIMARY KEY REFERENCES sources,
    started_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    finished_at       timestamptz, -- null while there is more to do
    after_external_id text NOT NULL DEFAULT '',
    after_raw_id      bigint NOT NULL DEFAULT 0,
    payloads          bigint NOT NULL DEFAULT 0,
    changed           bigint NOT NULL DEFAULT 0,
    rejected          bigint NOT NULL DEFAULT 0
);
