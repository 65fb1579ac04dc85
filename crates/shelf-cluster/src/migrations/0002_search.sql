-- What search keeps of a library: the rows that decide what an answer says, and that the points of
-- the search engine are made of. Terms and labels are numbers of the library's own vocabulary.

-- one row: which of the engine's collections are this database's, and what made the terms
CREATE TABLE search_home (place uuid NOT NULL, version text NOT NULL);
INSERT INTO search_home VALUES (gen_random_uuid(), '');
-- a point is never changed, so none of its numbers comes back
CREATE SEQUENCE search_points;

-- edition: how often the rows of the library changed; fills: how often its points were made anew;
-- words: the next number of its vocabulary
CREATE TABLE search_heads (
    library uuid PRIMARY KEY, version text NOT NULL, seq bigint NOT NULL DEFAULT 0,
    edition bigint NOT NULL DEFAULT 0, documents bigint NOT NULL DEFAULT 0,
    lengths bigint NOT NULL DEFAULT 0, words bigint NOT NULL DEFAULT 1,
    highest bigint NOT NULL DEFAULT 0, fills bigint NOT NULL DEFAULT 0, marker bigint NOT NULL
) PARTITION BY HASH (library);
-- packed: the stems with their weights, the words with their places, the words of the address
CREATE TABLE search_docs (
    library uuid NOT NULL, number bigint NOT NULL, point bigint NOT NULL, item uuid NOT NULL,
    created_at bigint NOT NULL, length bigint NOT NULL, flags integer NOT NULL,
    labels integer[] NOT NULL, packed bytea NOT NULL, embedding bytea,
    PRIMARY KEY (library, number)
) PARTITION BY HASH (library);
CREATE INDEX search_docs_point ON search_docs (library, point);
CREATE INDEX search_docs_created ON search_docs (library, created_at, number);
-- space: 0 stems, 1 words as written, 2 words of addresses, 3 labels; whole: what is too long to be
-- looked up as it is, and stands in term as its beginning and its digest
CREATE TABLE search_words (
    library uuid NOT NULL, space smallint NOT NULL, term bytea NOT NULL, id bigint NOT NULL,
    documents bigint NOT NULL, whole bytea, PRIMARY KEY (library, space, term)
) PARTITION BY HASH (library);
CREATE INDEX search_words_id ON search_words (library, id);
-- points the engine may hold that are no row's: drafts, and what was replaced
CREATE TABLE search_waste (
    library uuid NOT NULL, point bigint NOT NULL, PRIMARY KEY (library, point)
) PARTITION BY HASH (library);

-- Sixteen partitions a table, each locked by itself as well, as for all content.
DO $$
DECLARE parent text; part text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['search_heads', 'search_docs', 'search_words',
        'search_waste'] LOOP
        FOR remainder IN 0..15 LOOP
            part := parent || '_' || remainder;
            EXECUTE format('CREATE TABLE %I PARTITION OF %I
                FOR VALUES WITH (MODULUS 16, REMAINDER %s)', part, parent, remainder);
        END LOOP;
        FOR part IN SELECT parent UNION ALL
            SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = parent::regclass
        LOOP
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
                part);
            EXECUTE format('CREATE POLICY own ON %I USING
                (library = nullif(current_setting(''mindshelf.library'', true), '''')::uuid)',
                part);
        END LOOP;
    END LOOP;
END $$;
