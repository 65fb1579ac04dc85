-- What people sign in with that no server ever holds.

-- what a server knows of passkeys: public keys alone
CREATE TABLE passkeys (
    id uuid PRIMARY KEY, person uuid NOT NULL, credential bytea NOT NULL UNIQUE,
    handle bytea NOT NULL, key bytea NOT NULL, name text NOT NULL, created_at bigint NOT NULL,
    used_at bigint, count bigint NOT NULL, synced boolean NOT NULL, backed_up boolean NOT NULL,
    copied_at bigint
);
CREATE INDEX passkeys_person ON passkeys (person);
-- challenges that were answered, for as long as they could be answered again
CREATE TABLE answered (challenge bytea PRIMARY KEY, until bigint NOT NULL);
CREATE INDEX answered_until ON answered (until);
