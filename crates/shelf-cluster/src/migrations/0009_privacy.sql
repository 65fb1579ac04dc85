-- What people may ask of whoever keeps what is theirs.

-- what this server signs with
CREATE TABLE server_keys (name text PRIMARY KEY, seed bytea NOT NULL, made_at bigint NOT NULL);
-- what people agreed to and took back, in that order
CREATE TABLE consents (
    person uuid NOT NULL, n bigint NOT NULL, at bigint NOT NULL, purpose text NOT NULL,
    given boolean NOT NULL, notice bigint NOT NULL, PRIMARY KEY (person, n)
);
-- who asked to be erased
CREATE TABLE erasures (
    person uuid PRIMARY KEY, receipt uuid NOT NULL, asked_at bigint NOT NULL, due_at bigint NOT NULL,
    begun_at bigint, plan text NOT NULL
);
-- what says that it was done, and names nobody
CREATE TABLE receipts (id uuid PRIMARY KEY, until bigint NOT NULL, body text NOT NULL);
