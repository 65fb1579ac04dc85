-- The plan a tenant was given, and what its people asked for day by day, tenths of units of cost.
CREATE TABLE plans (tenant uuid PRIMARY KEY, plan text NOT NULL);
CREATE TABLE spent (tenant uuid NOT NULL, day bigint NOT NULL, tenths bigint NOT NULL,
    PRIMARY KEY (tenant, day));
