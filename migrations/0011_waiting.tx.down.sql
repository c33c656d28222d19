DROP INDEX rejections_waiting_idx;
