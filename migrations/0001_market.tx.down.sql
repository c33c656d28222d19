DROP TABLE latest_records, records, raw_records, listings, assets, source_days, source_totals, sources;
DROP SEQUENCE raw_records_id_seq;
