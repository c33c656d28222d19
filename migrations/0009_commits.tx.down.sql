DROP TABLE commits;
DROP TABLE data_version;
