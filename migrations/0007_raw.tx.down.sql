DROP TABLE rebuilds;
INSERT INTO raw_records SELECT * FROM raw_kept k WHERE EXISTS (
    SELECT FROM pg_inherits i WHERE i.inhparent = 'raw_records'::regclass
        AND i.inhrelid = to_regclass('raw_records_' || to_char(k.fetched_at AT TIME ZONE 'UTC', 'YYYY_MM')));
DROP TABLE raw_kept;
ALTER TABLE raw_records DROP COLUMN observed_at;
