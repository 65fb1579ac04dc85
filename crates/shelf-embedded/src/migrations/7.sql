-- who is told what happens in a library, and what each is signed with
CREATE TABLE endpoints (
    id BLOB PRIMARY KEY, library BLOB NOT NULL, url TEXT NOT NULL, description TEXT NOT NULL,
    types INTEGER NOT NULL, state TEXT NOT NULL, made_by BLOB NOT NULL,
    created_at INTEGER NOT NULL, secret BLOB NOT NULL, old_secret BLOB, old_until INTEGER,
    failures INTEGER NOT NULL, rest_until INTEGER NOT NULL, succeeded_at INTEGER,
    missed INTEGER NOT NULL, followed INTEGER
) WITHOUT ROWID;
CREATE INDEX endpoints_library ON endpoints (library, created_at, id);
-- events on their way; what they tell stands in the log alone
CREATE TABLE deliveries (
    id BLOB PRIMARY KEY, endpoint BLOB NOT NULL, act BLOB NOT NULL, part INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, types INTEGER NOT NULL,
    created_at INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL, tried_at INTEGER, status INTEGER, trouble TEXT, took_ms INTEGER
) WITHOUT ROWID;
CREATE INDEX deliveries_created ON deliveries (endpoint, created_at, id);
CREATE INDEX deliveries_next ON deliveries (endpoint, next_at) WHERE state = 'waiting';
