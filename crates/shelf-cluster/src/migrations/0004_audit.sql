-- What was done about who may do what; each row is sealed to the one before.

CREATE TABLE audit (
    tenant uuid NOT NULL, n bigint NOT NULL, at bigint NOT NULL, deed text NOT NULL,
    person uuid NOT NULL, via uuid, subject uuid, detail text NOT NULL, seal bytea NOT NULL,
    PRIMARY KEY (tenant, n)
);
