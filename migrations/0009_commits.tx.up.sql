-- Every transaction that changes what readers see moves the version of the data by one, as the last thing that
-- it does: so versions are in the order in which they can be seen, and nobody waits for long.

CREATE TABLE data_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  bigint NOT NULL CHECK (version >= 0)
) WITH (fillfactor = 10);
INSERT INTO data_version (version) VALUES (0);

-- What each of them did, for those who follow the data. The older ones are forgotten.
CREATE TABLE commits (
    version      bigint PRIMARY KEY,
    run_id       bigint, -- the run that began, went on or ended; null where there is none
    listing_ids  bigint[] NOT NULL, -- of the records that were added, by listing and instant
    observed_ats timestamptz[] NOT NULL, -- their instants, as many
    committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (cardinality(listing_ids) = cardinality(observed_ats))
);
INSERT INTO commits (version, listing_ids, observed_ats) VALUES (0, '{}', '{}');
