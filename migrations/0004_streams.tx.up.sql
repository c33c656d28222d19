-- A source has several streams: what it says now, its quarantine tried again, stretches of its history.
-- Each has a checkpoint of its own, and one running run at a time. And what a run is judged by.

ALTER TABLE etl_runs
    ADD COLUMN stream text NOT NULL DEFAULT '',
    ADD COLUMN waits bigint NOT NULL DEFAULT 0,
    ADD COLUMN waited_ms bigint NOT NULL DEFAULT 0,
    ADD COLUMN whole boolean NOT NULL DEFAULT false,
    ADD COLUMN coins bigint NOT NULL DEFAULT 0,
    ADD COLUMN gone_share double precision,
    ADD COLUMN price_jump double precision;

DROP INDEX etl_runs_running_idx;
CREATE UNIQUE INDEX etl_runs_running_idx ON etl_runs (source_id, stream) WHERE status = 'running';
CREATE INDEX etl_runs_stream_idx ON etl_runs (source_id, stream, id DESC);

ALTER TABLE checkpoints ADD COLUMN stream text NOT NULL DEFAULT '';
ALTER TABLE checkpoints DROP CONSTRAINT checkpoints_pkey;
ALTER TABLE checkpoints ADD PRIMARY KEY (source_id, stream);

-- The server looks every two seconds whether the client of a running statement is still there: the locks
-- of a process that was killed go with it. Who may not alter the database sets it as an administrator.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET client_connection_check_interval = ''2s''', current_database());
EXCEPTION WHEN insufficient_privilege OR invalid_parameter_value THEN
    RAISE WARNING 'client_connection_check_interval stays as it is: this user may not alter the database, or its system cannot do it';
END $$;
