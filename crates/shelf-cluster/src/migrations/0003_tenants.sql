-- Who belongs to which tenant, and who may use which library.

DROP INDEX libraries_owner;
CREATE INDEX libraries_tenant ON libraries (tenant);
CREATE TABLE tenants (id uuid PRIMARY KEY, name text NOT NULL, created_at bigint NOT NULL);
CREATE TABLE members (
    tenant uuid NOT NULL, person uuid NOT NULL, role text NOT NULL, since bigint NOT NULL,
    PRIMARY KEY (tenant, person)
);
CREATE INDEX members_person ON members (person);
CREATE TABLE groups (id uuid PRIMARY KEY, tenant uuid NOT NULL, name text NOT NULL,
    UNIQUE (tenant, name));
CREATE TABLE grouped (team uuid NOT NULL, person uuid NOT NULL, PRIMARY KEY (team, person));
CREATE INDEX grouped_person ON grouped (person);
-- to whom a library is given; the holder is a person, a group, or the tenant for everyone in it
CREATE TABLE shares (
    library uuid NOT NULL, holder uuid NOT NULL, kind text NOT NULL, may text NOT NULL,
    PRIMARY KEY (library, holder, kind)
);
CREATE INDEX shares_holder ON shares (holder);
CREATE TABLE invitations (
    id uuid PRIMARY KEY, tenant uuid NOT NULL, secret bytea NOT NULL UNIQUE, role text NOT NULL,
    library uuid, may text, note text NOT NULL, made_by uuid NOT NULL, expires_at bigint NOT NULL
);
CREATE INDEX invitations_tenant ON invitations (tenant);
INSERT INTO tenants SELECT tenant, name, joined FROM people;
INSERT INTO members SELECT tenant, id, 'owner', joined FROM people;
INSERT INTO shares SELECT id, owner, 'person', 'manage' FROM libraries;
