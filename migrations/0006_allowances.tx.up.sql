-- What each credential may ask of its upstream, shared by all processes: when the next request is due
-- under its rate limit, and how many were made this month.

CREATE TABLE upstream_allowances (
    credential text PRIMARY KEY, -- the source, and a hash of the key where there is one
    due_at     timestamptz NOT NULL,
    month      date NOT NULL, -- the first day of it, in UTC
    requests   bigint NOT NULL CHECK (requests >= 0)
);
