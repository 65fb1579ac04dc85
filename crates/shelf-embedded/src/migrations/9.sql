-- what this server signs with
CREATE TABLE server_keys (name TEXT PRIMARY KEY, seed BLOB NOT NULL, made_at INTEGER NOT NULL)
    WITHOUT ROWID;
-- what people agreed to and took back, in that order
CREATE TABLE consents (
    person BLOB NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, purpose TEXT NOT NULL,
    given INTEGER NOT NULL, notice INTEGER NOT NULL, PRIMARY KEY (person, n)
) WITHOUT ROWID;
-- who asked to be erased
CREATE TABLE erasures (
    person BLOB PRIMARY KEY, receipt BLOB NOT NULL, asked_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL, begun_at INTEGER, plan TEXT NOT NULL
) WITHOUT ROWID;
-- what says that it was done, and names nobody
CREATE TABLE receipts (id BLOB PRIMARY KEY, until INTEGER NOT NULL, body TEXT NOT NULL)
    WITHOUT ROWID;
