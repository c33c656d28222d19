DROP TABLE audit_log, api_keys;
DROP FUNCTION audit_log_is_append_only;
