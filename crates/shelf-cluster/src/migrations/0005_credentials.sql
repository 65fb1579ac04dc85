-- What people sign in with besides links, and how often somebody failed to.

-- one for each person who has a password
CREATE TABLE credentials (
    person uuid PRIMARY KEY, login text NOT NULL, folded text NOT NULL UNIQUE, hash text NOT NULL
);
CREATE TABLE recovery_codes (person uuid NOT NULL, code bytea NOT NULL, PRIMARY KEY (person, code));
-- tries to sign in since one succeeded, by a hash of the way in and the login name
CREATE TABLE tries (key bytea PRIMARY KEY, count bigint NOT NULL, at bigint NOT NULL);
CREATE INDEX tries_at ON tries (at);
