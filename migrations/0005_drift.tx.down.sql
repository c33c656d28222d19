DROP TABLE drifts;
DROP TABLE source_shapes;
