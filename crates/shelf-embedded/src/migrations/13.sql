-- the plan a tenant was given, and what its people asked for day by day, tenths of units of cost
CREATE TABLE plans (tenant BLOB PRIMARY KEY, plan TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE spent (tenant BLOB NOT NULL, day INTEGER NOT NULL, tenths INTEGER NOT NULL,
    PRIMARY KEY (tenant, day)) WITHOUT ROWID;
