-- Deletions of devices that wait for a person, outside the log.
CREATE TABLE held (
    library uuid NOT NULL, device uuid NOT NULL, n bigint NOT NULL, at bigint NOT NULL,
    change text NOT NULL, PRIMARY KEY (library, device, n)
) PARTITION BY HASH (library);

-- Sixteen partitions, each locked by itself as well, as for all content.
DO $$
DECLARE part text;
BEGIN
    FOR remainder IN 0..15 LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF held
            FOR VALUES WITH (MODULUS 16, REMAINDER %s)', 'held_' || remainder, remainder);
    END LOOP;
    FOR part IN SELECT 'held' UNION ALL
        SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'held'::regclass
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('CREATE POLICY own ON %I USING
            (library = nullif(current_setting(''mindshelf.library'', true), '''')::uuid)', part);
    END LOOP;
END $$;
