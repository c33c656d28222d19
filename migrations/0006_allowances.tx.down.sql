DROP TABLE upstream_allowances;
