-- Programs of others that people may let in, and what they were given.
CREATE TABLE clients (
    id uuid PRIMARY KEY, person uuid NOT NULL, name text NOT NULL, redirects text NOT NULL,
    scopes text, secret bytea, alone boolean NOT NULL, created_at bigint NOT NULL
);
CREATE INDEX clients_person ON clients (person);
CREATE TABLE auth_codes (
    secret bytea PRIMARY KEY, client uuid NOT NULL, person uuid NOT NULL, redirect text NOT NULL,
    challenge text NOT NULL, scopes text, libraries text, expires_at bigint NOT NULL, app uuid
);
CREATE INDEX auth_codes_expires ON auth_codes (expires_at);
-- each goes with a grant of the same id
CREATE TABLE apps (id uuid PRIMARY KEY, client uuid NOT NULL, until bigint NOT NULL);
CREATE INDEX apps_client ON apps (client);
CREATE TABLE app_secrets (
    secret bytea PRIMARY KEY, app uuid NOT NULL, refreshes boolean NOT NULL,
    expires_at bigint NOT NULL, spent_at bigint, seed bytea, next bytea
);
CREATE INDEX app_secrets_app ON app_secrets (app, expires_at);
CREATE TABLE device_asks (
    secret bytea PRIMARY KEY, typed bytea NOT NULL UNIQUE, client uuid NOT NULL, scopes text,
    device text NOT NULL, place text NOT NULL, expires_at bigint NOT NULL, polled_at bigint,
    slower bigint NOT NULL DEFAULT 0, answer boolean, person uuid, allowed text, libraries text
);
-- the key whoever uses a grant must prove to have
ALTER TABLE grants ADD COLUMN bound bytea;
