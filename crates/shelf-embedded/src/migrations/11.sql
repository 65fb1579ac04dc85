-- the identity provider of a tenant, and what it may decide
CREATE TABLE sso_providers (
    tenant BLOB PRIMARY KEY, issuer TEXT NOT NULL, client TEXT NOT NULL, secret BLOB NOT NULL,
    claim TEXT NOT NULL, rules TEXT NOT NULL, role TEXT NOT NULL, required INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
-- domains of mail addresses tenants named; one that is verified belongs to one of them
CREATE TABLE sso_domains (
    tenant BLOB NOT NULL, name TEXT NOT NULL, token TEXT NOT NULL, added_at INTEGER NOT NULL,
    verified_at INTEGER, PRIMARY KEY (tenant, name)
) WITHOUT ROWID;
CREATE UNIQUE INDEX sso_domains_verified ON sso_domains (name) WHERE verified_at IS NOT NULL;
-- members as the provider of their tenant knows them
CREATE TABLE sso_identities (
    tenant BLOB NOT NULL, issuer TEXT NOT NULL, subject TEXT NOT NULL, person BLOB NOT NULL,
    role TEXT, since INTEGER NOT NULL, signed_in_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, issuer, subject), UNIQUE (tenant, person)
) WITHOUT ROWID;
CREATE INDEX sso_identities_person ON sso_identities (person);
-- sign-ins that are under way
CREATE TABLE sso_flows (
    secret BLOB PRIMARY KEY, tenant BLOB NOT NULL, issuer TEXT NOT NULL, client TEXT NOT NULL,
    person BLOB, landing TEXT NOT NULL, expires_at INTEGER NOT NULL
) WITHOUT ROWID;
-- whether somebody is in a group for the sake of their provider alone
ALTER TABLE grouped ADD COLUMN by_claim INTEGER NOT NULL DEFAULT 0;
-- the tenant whose provider a grant came by
ALTER TABLE grants ADD COLUMN provided_by BLOB;
