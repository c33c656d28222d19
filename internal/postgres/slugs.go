package postgres

// livingAssets selects the ids of the assets that some slugs lead to: their own, those that they had
// before, and those of assets that were merged into them, over any number of steps. Its argument, twice,
// is the list of slugs.
const livingAssets = `WITH RECURSIVE found AS (
		SELECT id, merged_into FROM assets WHERE slug IN (?0)
		UNION SELECT a.id, a.merged_into FROM former_slugs f JOIN assets a ON a.id = f.asset_id WHERE f.slug IN (?0)
		UNION SELECT a.id, a.merged_into FROM found JOIN assets a ON a.id = found.merged_into)
	SELECT id FROM found WHERE merged_into IS NULL`
