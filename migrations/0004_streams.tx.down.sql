DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I RESET client_connection_check_interval', current_database());
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'client_connection_check_interval stays as it is: this user may not alter the database';
END $$;

DELETE FROM checkpoints WHERE stream <> '';
ALTER TABLE checkpoints DROP CONSTRAINT checkpoints_pkey;
ALTER TABLE checkpoints DROP COLUMN stream;
ALTER TABLE checkpoints ADD PRIMARY KEY (source_id);

UPDATE etl_runs SET status = 'abandoned', finished_at = heartbeat_at WHERE status = 'running' AND stream <> '';
DROP INDEX etl_runs_stream_idx;
DROP INDEX etl_runs_running_idx;
CREATE UNIQUE INDEX etl_runs_running_idx ON etl_runs (source_id) WHERE status = 'running';

ALTER TABLE etl_runs
    DROP COLUMN stream, DROP COLUMN waits, DROP COLUMN waited_ms, DROP COLUMN whole, DROP COLUMN coins,
    DROP COLUMN gone_share, DROP COLUMN price_jump;
