-- the keys of tenants, people and libraries, each sealed by the root key
CREATE TABLE owner_keys (owner BLOB NOT NULL, kind TEXT NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (owner, kind)) WITHOUT ROWID;
