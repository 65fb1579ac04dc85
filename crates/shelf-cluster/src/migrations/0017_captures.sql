-- Files that are kept with bookmarks; their content is among the blobs.
CREATE TABLE captures (
    library uuid NOT NULL, id uuid NOT NULL, item uuid NOT NULL, made_at bigint NOT NULL,
    state text NOT NULL, capture text NOT NULL, PRIMARY KEY (library, id)
) PARTITION BY HASH (library);
CREATE INDEX captures_item ON captures (library, item, id);
CREATE INDEX captures_left ON captures (library, id) WHERE state <> 'kept';

-- Sixteen partitions, each locked by itself as well, as for all content.
DO $$
DECLARE part text;
BEGIN
    FOR remainder IN 0..15 LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF captures
            FOR VALUES WITH (MODULUS 16, REMAINDER %s)', 'captures_' || remainder, remainder);
    END LOOP;
    FOR part IN SELECT 'captures' UNION ALL
        SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'captures'::regclass
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('CREATE POLICY own ON %I USING
            (library = nullif(current_setting(''mindshelf.library'', true), '''')::uuid)', part);
    END LOOP;
END $$;
