-- one for each person who has a password
CREATE TABLE credentials (
    person BLOB PRIMARY KEY, login TEXT NOT NULL, folded TEXT NOT NULL UNIQUE, hash TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE recovery_codes (person BLOB NOT NULL, code BLOB NOT NULL, PRIMARY KEY (person, code))
    WITHOUT ROWID;
-- tries to sign in since one succeeded, by a hash of the way in and the login name
CREATE TABLE tries (key BLOB PRIMARY KEY, count INTEGER NOT NULL, at INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE INDEX tries_at ON tries (at);
