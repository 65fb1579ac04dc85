-- The store on PostgreSQL. Content stands in partitions by library, behind row-level security that
-- binds the owner of the tables too: a transaction sees the one library it has named.

-- accounts
CREATE TABLE people (
    id uuid PRIMARY KEY, tenant uuid NOT NULL, name text NOT NULL, joined bigint NOT NULL
);
CREATE TABLE libraries (
    id uuid PRIMARY KEY, key bigint GENERATED ALWAYS AS IDENTITY, tenant uuid NOT NULL,
    owner uuid NOT NULL, name text NOT NULL, created_at bigint NOT NULL,
    epoch bigint NOT NULL DEFAULT 1, seq bigint NOT NULL DEFAULT 0, floor bigint NOT NULL DEFAULT 0,
    hlc bigint NOT NULL DEFAULT 0, at bigint NOT NULL DEFAULT 0, numbers text NOT NULL DEFAULT '{}',
    -- the transaction that wrote to it last
    stirred bigint NOT NULL DEFAULT 0
);
CREATE INDEX libraries_owner ON libraries (owner);
CREATE INDEX libraries_stirred ON libraries (stirred);
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

-- log
CREATE TABLE counters (
    library uuid NOT NULL, device uuid NOT NULL, n bigint NOT NULL, PRIMARY KEY (library, device)
) PARTITION BY HASH (library);
CREATE TABLE answers (
    library uuid NOT NULL, device uuid NOT NULL, n bigint NOT NULL, answer text NOT NULL,
    at bigint NOT NULL, PRIMARY KEY (library, device, n)
) PARTITION BY HASH (library);
CREATE TABLE writes (
    library uuid NOT NULL, key text NOT NULL, fingerprint text NOT NULL, done text NOT NULL,
    at bigint NOT NULL, PRIMARY KEY (library, key)
) PARTITION BY HASH (library);
CREATE TABLE log (
    library uuid NOT NULL, seq bigint NOT NULL, at bigint NOT NULL, device uuid NOT NULL,
    n bigint NOT NULL, hlc bigint NOT NULL, base bigint NOT NULL, act uuid NOT NULL,
    item uuid NOT NULL, kind text NOT NULL, number bigint, joined uuid, also_hlc bigint,
    body bytea NOT NULL, PRIMARY KEY (library, seq)
) PARTITION BY HASH (library);
CREATE INDEX log_item ON log (library, item, seq);
CREATE TABLE acts (
    library uuid NOT NULL, id uuid NOT NULL, first bigint NOT NULL, last bigint NOT NULL,
    rows bigint NOT NULL, PRIMARY KEY (library, id)
) PARTITION BY HASH (library);
CREATE INDEX acts_last ON acts (library, last);

-- folded from the log: an item, and beside it what it stands for in lists and look-ups
CREATE TABLE items (
    library uuid NOT NULL, id uuid NOT NULL, kind text NOT NULL, registers bytea NOT NULL,
    -- the address a bookmark owns, the name a living tag owns
    url bigint, name bigint,
    -- of places and collections; the root is the id of zeros
    parent uuid, ord text COLLATE "C", bookmark uuid, living boolean,
    -- of living bookmarks; flags: 1 unread, 2 favourite, 4 archived, 8 in a collection
    created_at bigint, number bigint, flags bigint,
    trashed_at bigint, PRIMARY KEY (library, id)
) PARTITION BY HASH (library);
CREATE INDEX items_url ON items (library, url) WHERE url IS NOT NULL;
CREATE INDEX items_name ON items (library, name) WHERE name IS NOT NULL;
CREATE INDEX items_parent ON items (library, parent, ord, id) WHERE parent IS NOT NULL;
CREATE INDEX items_bookmark ON items (library, bookmark) WHERE bookmark IS NOT NULL;
CREATE INDEX items_created ON items (library, created_at, id) INCLUDE (flags)
    WHERE created_at IS NOT NULL;
CREATE INDEX items_number ON items (library, number, id) INCLUDE (flags)
    WHERE created_at IS NOT NULL;
CREATE INDEX items_trashed ON items (library, trashed_at, id) WHERE trashed_at IS NOT NULL;
CREATE TABLE aliases (
    library uuid NOT NULL, younger uuid NOT NULL, older uuid NOT NULL,
    PRIMARY KEY (library, younger)
) PARTITION BY HASH (library);
CREATE INDEX aliases_older ON aliases (library, older);
CREATE TABLE tagged (
    library uuid NOT NULL, tag uuid NOT NULL, bookmark uuid NOT NULL,
    PRIMARY KEY (library, tag, bookmark)
) PARTITION BY HASH (library);
CREATE INDEX tagged_bookmark ON tagged (library, bookmark);

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
    FOREACH parent IN ARRAY ARRAY['counters', 'answers', 'writes', 'log', 'acts',
        'items', 'aliases', 'tagged', 'activity', 'imports', 'ledger'] LOOP
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
