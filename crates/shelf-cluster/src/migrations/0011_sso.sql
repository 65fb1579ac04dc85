-- The identity provider of a tenant, and what it may decide.
CREATE TABLE sso_providers (
    tenant uuid PRIMARY KEY, issuer text NOT NULL, client text NOT NULL, secret bytea NOT NULL,
    claim text NOT NULL, rules text NOT NULL, role text NOT NULL, required boolean NOT NULL,
    created_at bigint NOT NULL
);
-- domains of mail addresses tenants named; one that is verified belongs to one of them
CREATE TABLE sso_domains (
    tenant uuid NOT NULL, name text NOT NULL, token text NOT NULL, added_at bigint NOT NULL,
    verified_at bigint, PRIMARY KEY (tenant, name)
);
CREATE UNIQUE INDEX sso_domains_verified ON sso_domains (name) WHERE verified_at IS NOT NULL;
-- members as the provider of their tenant knows them
CREATE TABLE sso_identities (
    tenant uuid NOT NULL, issuer text NOT NULL, subject text NOT NULL, person uuid NOT NULL,
    role text, since bigint NOT NULL, signed_in_at bigint NOT NULL,
    PRIMARY KEY (tenant, issuer, subject), UNIQUE (tenant, person)
);
CREATE INDEX sso_identities_person ON sso_identities (person);
-- sign-ins that are under way
CREATE TABLE sso_flows (
    secret bytea PRIMARY KEY, tenant uuid NOT NULL, issuer text NOT NULL, client text NOT NULL,
    person uuid, landing text NOT NULL, expires_at bigint NOT NULL
);
-- whether somebody is in a group for the sake of their provider alone
ALTER TABLE grouped ADD COLUMN by_claim boolean NOT NULL DEFAULT false;
-- the tenant whose provider a grant came by
ALTER TABLE grants ADD COLUMN provided_by uuid;
