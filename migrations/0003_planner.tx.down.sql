DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I RESET random_page_cost', current_database());
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'random_page_cost stays as it is: this user may not alter the database';
END $$;
