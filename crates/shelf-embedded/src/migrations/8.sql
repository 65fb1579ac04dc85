-- programs of others that people may let in, and what they were given
CREATE TABLE clients (
    id BLOB PRIMARY KEY, person BLOB NOT NULL, name TEXT NOT NULL, redirects TEXT NOT NULL,
    scopes TEXT, secret BLOB, alone INTEGER NOT NULL, created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX clients_person ON clients (person);
CREATE TABLE auth_codes (
    secret BLOB PRIMARY KEY, client BLOB NOT NULL, person BLOB NOT NULL, redirect TEXT NOT NULL,
    challenge TEXT NOT NULL, scopes TEXT, libraries TEXT, expires_at INTEGER NOT NULL, app BLOB
) WITHOUT ROWID;
CREATE INDEX auth_codes_expires ON auth_codes (expires_at);
-- each goes with a grant of the same id
CREATE TABLE apps (id BLOB PRIMARY KEY, client BLOB NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX apps_client ON apps (client);
CREATE TABLE app_secrets (
    secret BLOB PRIMARY KEY, app BLOB NOT NULL, refreshes INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, spent_at INTEGER, seed BLOB, next BLOB
) WITHOUT ROWID;
CREATE INDEX app_secrets_app ON app_secrets (app, expires_at);
CREATE TABLE device_asks (
    secret BLOB PRIMARY KEY, typed BLOB NOT NULL UNIQUE, client BLOB NOT NULL, scopes TEXT,
    device TEXT NOT NULL, place TEXT NOT NULL, expires_at INTEGER NOT NULL, polled_at INTEGER,
    slower INTEGER NOT NULL DEFAULT 0, answer INTEGER, person BLOB, allowed TEXT, libraries TEXT
) WITHOUT ROWID;
-- the key whoever uses a grant must prove to have
ALTER TABLE grants ADD COLUMN bound BLOB;
