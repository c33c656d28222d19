-- With its default of 4 the planner takes random reads for so dear that it walks all records in order
-- of time and filters on the source. Who may not alter the database sets it as an administrator.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET random_page_cost = 1.1', current_database());
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'random_page_cost stays as it is: this user may not alter the database';
END $$;
