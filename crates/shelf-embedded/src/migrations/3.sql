DROP INDEX libraries_owner;
CREATE INDEX libraries_tenant ON libraries (tenant);
CREATE TABLE tenants (id BLOB PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE members (
    tenant BLOB NOT NULL, person BLOB NOT NULL, role TEXT NOT NULL, since INTEGER NOT NULL,
    PRIMARY KEY (tenant, person)
) WITHOUT ROWID;
CREATE INDEX members_person ON members (person);
CREATE TABLE groups (id BLOB PRIMARY KEY, tenant BLOB NOT NULL, name TEXT NOT NULL,
    UNIQUE (tenant, name)) WITHOUT ROWID;
CREATE TABLE grouped (team BLOB NOT NULL, person BLOB NOT NULL, PRIMARY KEY (team, person))
    WITHOUT ROWID;
CREATE INDEX grouped_person ON grouped (person);
-- to whom a library is given; the holder is a person, a group, or the tenant for everyone in it
CREATE TABLE shares (
    library BLOB NOT NULL, holder BLOB NOT NULL, kind TEXT NOT NULL, may TEXT NOT NULL,
    PRIMARY KEY (library, holder, kind)
) WITHOUT ROWID;
CREATE INDEX shares_holder ON shares (holder);
CREATE TABLE invitations (
    id BLOB PRIMARY KEY, tenant BLOB NOT NULL, secret BLOB NOT NULL UNIQUE, role TEXT NOT NULL,
    library BLOB, may TEXT, note TEXT NOT NULL, made_by BLOB NOT NULL, expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX invitations_tenant ON invitations (tenant);
INSERT INTO tenants SELECT tenant, name, joined FROM people;
INSERT INTO members SELECT tenant, id, 'owner', joined FROM people;
INSERT INTO shares SELECT id, owner, 'person', 'manage' FROM libraries;
