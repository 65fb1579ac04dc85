-- The keys of tenants, people and libraries, each sealed by the root key.
CREATE TABLE owner_keys (
    owner uuid NOT NULL, kind text NOT NULL, sealed bytea NOT NULL, PRIMARY KEY (owner, kind)
);
