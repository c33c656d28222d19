DROP TABLE rejections, checkpoints, etl_runs;
