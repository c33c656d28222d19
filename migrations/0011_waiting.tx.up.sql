-- What waits in quarantine is counted for whoever watches over the service, and tried again by id.
CREATE INDEX rejections_waiting_idx ON rejections (source_id, id) WHERE resolved_at IS NULL;
