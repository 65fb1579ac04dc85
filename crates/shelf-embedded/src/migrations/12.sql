-- what a server knows of passkeys: public keys alone
CREATE TABLE passkeys (
    id BLOB PRIMARY KEY, person BLOB NOT NULL, credential BLOB NOT NULL UNIQUE,
    handle BLOB NOT NULL, key BLOB NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL,
    used_at INTEGER, count INTEGER NOT NULL, synced INTEGER NOT NULL, backed_up INTEGER NOT NULL,
    copied_at INTEGER
) WITHOUT ROWID;
CREATE INDEX passkeys_person ON passkeys (person);
-- challenges that were answered, for as long as they could be answered again
CREATE TABLE answered (challenge BLOB PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX answered_until ON answered (until);
