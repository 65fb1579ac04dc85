-- The store on PostgreSQL. Content stands in partitions by library, behind row-level security that
-- binds the owner of the tables too: a transaction sees the one library it has named.

-- accounts
CREATE TABLE people (
    id uuid PRIMARY KEY, tenant uuid NOT NULL, name text NOT NULL, joined bigint NOT NULL
);
CREATE TABLE libraries (
    id uuid PRIMARY KEY, key bigint GENERATED ALWAYS AS IDENTITY, tenant uuid NOT NULL,
    owner uuid NOT NULL, name text NOT NULL, created_at bigint NOT NULL
);
CREATE INDEX libraries_owner ON libraries (owner);
CREATE TABLE links (secret bytea PRIMARY KEY, person uuid NOT NULL, expires_at bigint NOT NULL);
CREATE INDEX links_expires ON links (expires_at);
CREATE TABLE grants (
    id uuid PRIMARY KEY, person uuid NOT NULL, kind text NOT NULL, name text NOT NULL,
    secret bytea UNIQUE, created_at bigint NOT NULL, expires_at bigint, used_at bigint
);
CREATE INDEX grants_person ON grants (person);
CREATE TABLE settings (
    person uuid NOT NULL, name text NOT NULL, value text NOT NULL, PRIMARY KEY (person, name)
);
CREATE TABLE replies (
    key text PRIMARY KEY, fingerprint text NOT NULL, reply text NOT NULL, at bigint NOT NULL
);
CREATE INDEX replies_at ON replies (at);

-- activity
CREATE TABLE activity (
    library uuid NOT NULL, person uuid NOT NULL, at bigint NOT NULL,
    nth bigint GENERATED ALWAYS AS IDENTITY, deed text NOT NULL, item uuid NOT NULL,
    PRIMARY KEY (library, person, at, nth)
) PARTITION BY HASH (library);
CREATE TABLE imports (
    library uuid NOT NULL, id uuid NOT NULL, started_at bigint NOT NULL, job text NOT NULL,
    PRIMARY KEY (library, id)
) PARTITION BY HASH (library);
CREATE INDEX imports_started ON imports (library, started_at, id);
CREATE TABLE ledger (
    library uuid NOT NULL, import uuid NOT NULL, row bigint NOT NULL, outcome text NOT NULL,
    line text NOT NULL, PRIMARY KEY (library, import, row, outcome)
) PARTITION BY HASH (library);

-- Sixteen partitions a table, each locked by itself as well: it can be asked by its own name.
DO $$
DECLARE parent text; part text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['activity', 'imports', 'ledger'] LOOP
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

CREATE TABLE shelf_version (version integer NOT NULL);
