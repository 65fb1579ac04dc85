-- Webhooks: who is told what happens in a library, and what each is signed with.

CREATE TABLE endpoints (
    id uuid PRIMARY KEY, library uuid NOT NULL, url text NOT NULL, description text NOT NULL,
    types bigint NOT NULL, state text NOT NULL, made_by uuid NOT NULL, created_at bigint NOT NULL,
    secret bytea NOT NULL, old_secret bytea, old_until bigint, failures bigint NOT NULL,
    rest_until bigint NOT NULL, succeeded_at bigint, missed bigint NOT NULL, followed bigint
);
CREATE INDEX endpoints_library ON endpoints (library, created_at, id);
-- events on their way; what they tell stands in the log alone
CREATE TABLE deliveries (
    id uuid PRIMARY KEY, endpoint uuid NOT NULL, act uuid NOT NULL, part bigint NOT NULL,
    first bigint NOT NULL, last bigint NOT NULL, types bigint NOT NULL, created_at bigint NOT NULL,
    state text NOT NULL, attempts bigint NOT NULL, next_at bigint NOT NULL, tried_at bigint,
    status bigint, trouble text, took_ms bigint
);
CREATE INDEX deliveries_created ON deliveries (endpoint, created_at, id);
CREATE INDEX deliveries_next ON deliveries (endpoint, next_at) WHERE state = 'waiting';
