ALTER TABLE etl_runs DROP COLUMN listings_changed, DROP COLUMN settled_at;
DROP TABLE consensus, match_changes, match_candidates, listing_decisions, former_slugs;
ALTER TABLE listings DROP COLUMN match_reason, DROP COLUMN contracts, DROP COLUMN home_asset_id;
UPDATE listings SET pinned = false, match_method = CASE match_method
        WHEN 'NAME_AND_PRICE' THEN 'NAME' WHEN 'SYMBOL_AND_PRICE' THEN 'TICKER' ELSE 'SYMBOL_AND_NAME' END
    WHERE match_method IN ('PINNED', 'CONTRACT', 'EXTERNAL_ID', 'NAME_AND_PRICE', 'SYMBOL_AND_PRICE');
UPDATE assets SET merged_into = NULL;
DELETE FROM assets a WHERE NOT EXISTS (SELECT FROM listings l WHERE l.asset_id = a.id);
DROP INDEX IF EXISTS assets_name_part_idx;
DROP INDEX assets_rank_idx, assets_name_idx;
ALTER TABLE assets DROP COLUMN sources, DROP COLUMN merged_into;
CREATE INDEX assets_rank_idx ON assets (coalesce(rank, 2147483647), id);
CREATE INDEX assets_name_idx ON assets (name COLLATE "C", id);
