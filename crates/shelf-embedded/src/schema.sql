-- The embedded store. Truths: log, activity, accounts. The rest is folded from the log.

-- accounts
CREATE TABLE people (
    id BLOB PRIMARY KEY, tenant BLOB NOT NULL, name TEXT NOT NULL, joined INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE libraries (
    key INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, tenant BLOB NOT NULL, owner BLOB NOT NULL,
    name TEXT NOT NULL, created_at INTEGER NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 1, seq INTEGER NOT NULL DEFAULT 0,
    floor INTEGER NOT NULL DEFAULT 0, hlc INTEGER NOT NULL DEFAULT 0,
    at INTEGER NOT NULL DEFAULT 0, numbers TEXT NOT NULL DEFAULT '{}',
    stirred INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX libraries_tenant ON libraries (tenant);
CREATE INDEX libraries_stirred ON libraries (stirred);
CREATE TABLE tenants (id BLOB PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE members (
    tenant BLOB NOT NULL, person BLOB NOT NULL, role TEXT NOT NULL, since INTEGER NOT NULL,
    PRIMARY KEY (tenant, person)
) WITHOUT ROWID;
CREATE INDEX members_person ON members (person);
CREATE TABLE groups (id BLOB PRIMARY KEY, tenant BLOB NOT NULL, name TEXT NOT NULL,
    UNIQUE (tenant, name)) WITHOUT ROWID;
CREATE TABLE grouped (team BLOB NOT NULL, person BLOB NOT NULL, by_claim INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (team, person))
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
-- what was done about who may do what; each row is sealed to the one before
CREATE TABLE audit (
    tenant BLOB NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, deed TEXT NOT NULL,
    person BLOB NOT NULL, via BLOB, subject BLOB, detail TEXT NOT NULL, seal BLOB NOT NULL,
    PRIMARY KEY (tenant, n)
) WITHOUT ROWID;
-- the plan a tenant was given, and what its people asked for day by day, tenths of units of cost
CREATE TABLE plans (tenant BLOB PRIMARY KEY, plan TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE spent (tenant BLOB NOT NULL, day INTEGER NOT NULL, tenths INTEGER NOT NULL,
    PRIMARY KEY (tenant, day)) WITHOUT ROWID;
CREATE TABLE links (secret BLOB PRIMARY KEY, person BLOB NOT NULL, expires_at INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE grants (
    id BLOB PRIMARY KEY, person BLOB NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    secret BLOB UNIQUE, created_at INTEGER NOT NULL, expires_at INTEGER, used_at INTEGER, scopes TEXT, libraries TEXT, bound BLOB, provided_by BLOB) WITHOUT ROWID;
CREATE TABLE authors (id BLOB PRIMARY KEY, person BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX authors_person ON authors (person);
CREATE TABLE settings (person BLOB NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (person, name)) WITHOUT ROWID;
-- one for each person who has a password
CREATE TABLE credentials (
    person BLOB PRIMARY KEY, login TEXT NOT NULL, folded TEXT NOT NULL UNIQUE, hash TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE recovery_codes (person BLOB NOT NULL, code BLOB NOT NULL, PRIMARY KEY (person, code))
    WITHOUT ROWID;
-- tries to sign in since one succeeded, by a hash of the way in and the login name
CREATE TABLE tries (key BLOB PRIMARY KEY, count INTEGER NOT NULL, at INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE INDEX tries_at ON tries (at);
-- what a server knows of passkeys: public keys alone
CREATE TABLE passkeys (
    id BLOB PRIMARY KEY, person BLOB NOT NULL, credential BLOB NOT NULL UNIQUE,
    handle BLOB NOT NULL, key BLOB NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL,
    used_at INTEGER, count INTEGER NOT NULL, synced INTEGER NOT NULL, backed_up INTEGER NOT NULL,
    copied_at INTEGER
) WITHOUT ROWID;
CREATE INDEX passkeys_person ON passkeys (person);
-- challenges that were answered, for as long as they could be answered again
CREATE TABLE answered (challenge BLOB PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX answered_until ON answered (until);
-- programs of others that people may let in, and what they were given
CREATE TABLE clients (
    id BLOB PRIMARY KEY, person BLOB NOT NULL, name TEXT NOT NULL, redirects TEXT NOT NULL,
    scopes TEXT, secret BLOB, alone INTEGER NOT NULL, created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX clients_person ON clients (person);
CREATE TABLE auth_codes (
    secret BLOB PRIMARY KEY, client BLOB NOT NULL, person BLOB NOT NULL, redirect TEXT NOT NULL,
    challenge TEXT NOT NULL, scopes TEXT, libraries TEXT, expires_at INTEGER NOT NULL, app BLOB
) WITHOUT ROWID;
CREATE INDEX auth_codes_expires ON auth_codes (expires_at);
-- each goes with a grant of the same id
CREATE TABLE apps (id BLOB PRIMARY KEY, client BLOB NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX apps_client ON apps (client);
CREATE TABLE app_secrets (
    secret BLOB PRIMARY KEY, app BLOB NOT NULL, refreshes INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, spent_at INTEGER, seed BLOB, next BLOB
) WITHOUT ROWID;
CREATE INDEX app_secrets_app ON app_secrets (app, expires_at);
CREATE TABLE device_asks (
    secret BLOB PRIMARY KEY, typed BLOB NOT NULL UNIQUE, client BLOB NOT NULL, scopes TEXT,
    device TEXT NOT NULL, place TEXT NOT NULL, expires_at INTEGER NOT NULL, polled_at INTEGER,
    slower INTEGER NOT NULL DEFAULT 0, answer INTEGER, person BLOB, allowed TEXT, libraries TEXT
) WITHOUT ROWID;
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

-- privacy
-- what this server signs with
CREATE TABLE server_keys (name TEXT PRIMARY KEY, seed BLOB NOT NULL, made_at INTEGER NOT NULL)
    WITHOUT ROWID;
-- what people agreed to and took back, in that order
CREATE TABLE consents (
    person BLOB NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, purpose TEXT NOT NULL,
    given INTEGER NOT NULL, notice INTEGER NOT NULL, PRIMARY KEY (person, n)
) WITHOUT ROWID;
-- who asked to be erased
CREATE TABLE erasures (
    person BLOB PRIMARY KEY, receipt BLOB NOT NULL, asked_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL, begun_at INTEGER, plan TEXT NOT NULL
) WITHOUT ROWID;
-- what says that it was done, and names nobody
CREATE TABLE receipts (id BLOB PRIMARY KEY, until INTEGER NOT NULL, body TEXT NOT NULL)
    WITHOUT ROWID;
-- the keys of tenants, people and libraries, each sealed by the root key
CREATE TABLE owner_keys (owner BLOB NOT NULL, kind TEXT NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (owner, kind)) WITHOUT ROWID;

-- webhooks
-- who is told what happens in a library, and what each is signed with
CREATE TABLE endpoints (
    id BLOB PRIMARY KEY, library BLOB NOT NULL, url TEXT NOT NULL, description TEXT NOT NULL,
    types INTEGER NOT NULL, state TEXT NOT NULL, made_by BLOB NOT NULL,
    created_at INTEGER NOT NULL, secret BLOB NOT NULL, old_secret BLOB, old_until INTEGER,
    failures INTEGER NOT NULL, rest_until INTEGER NOT NULL, succeeded_at INTEGER,
    missed INTEGER NOT NULL, followed INTEGER
) WITHOUT ROWID;
CREATE INDEX endpoints_library ON endpoints (library, created_at, id);
-- events on their way; what they tell stands in the log alone
CREATE TABLE deliveries (
    id BLOB PRIMARY KEY, endpoint BLOB NOT NULL, act BLOB NOT NULL, part INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, types INTEGER NOT NULL,
    created_at INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL, tried_at INTEGER, status INTEGER, trouble TEXT, took_ms INTEGER
) WITHOUT ROWID;
CREATE INDEX deliveries_created ON deliveries (endpoint, created_at, id);
CREATE INDEX deliveries_next ON deliveries (endpoint, next_at) WHERE state = 'waiting';

-- log
CREATE TABLE devices (key INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE);
CREATE TABLE counters (library INTEGER NOT NULL, device INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (library, device)) WITHOUT ROWID;
CREATE TABLE answers (
    library INTEGER NOT NULL, device INTEGER NOT NULL, n INTEGER NOT NULL,
    answer TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (library, device, n)
) WITHOUT ROWID;
-- of one write in a library, or (library 0) a whole answer of the edge
CREATE TABLE replies (
    library INTEGER NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, reply TEXT NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY (library, key)
) WITHOUT ROWID;
-- what this process does; whatever stands here at the start was left undone
CREATE TABLE leases (fence INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
CREATE TABLE log (
    library INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, device INTEGER NOT NULL,
    n INTEGER NOT NULL, hlc INTEGER NOT NULL, base INTEGER NOT NULL, act INTEGER NOT NULL,
    item BLOB NOT NULL, kind ANY NOT NULL, number INTEGER, joined BLOB, also_hlc INTEGER,
    body BLOB NOT NULL, PRIMARY KEY (library, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX log_item ON log (library, item);
CREATE TABLE acts (
    key INTEGER PRIMARY KEY, library INTEGER NOT NULL, id BLOB NOT NULL, first INTEGER NOT NULL,
    last INTEGER NOT NULL, rows INTEGER NOT NULL
);
CREATE UNIQUE INDEX acts_id ON acts (library, id);
CREATE INDEX acts_last ON acts (library, last);

-- folded from the log
CREATE TABLE items (
    library INTEGER NOT NULL, id BLOB NOT NULL, kind ANY NOT NULL, registers BLOB NOT NULL,
    PRIMARY KEY (library, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE aliases (library INTEGER NOT NULL, younger BLOB NOT NULL, older BLOB NOT NULL,
    PRIMARY KEY (library, younger)) WITHOUT ROWID;
CREATE INDEX aliases_older ON aliases (library, older);
CREATE TABLE urls (library INTEGER NOT NULL, hash INTEGER NOT NULL, id BLOB NOT NULL,
    PRIMARY KEY (library, hash, id)) WITHOUT ROWID;
CREATE TABLE names (library INTEGER NOT NULL, hash INTEGER NOT NULL, id BLOB NOT NULL,
    PRIMARY KEY (library, hash, id)) WITHOUT ROWID;
-- living bookmarks; flags: 1 unread, 2 favourite, 4 archived, 8 in a collection
CREATE TABLE shown (library INTEGER NOT NULL, id BLOB NOT NULL, created_at INTEGER NOT NULL,
    number INTEGER NOT NULL, flags INTEGER NOT NULL, PRIMARY KEY (library, id)) WITHOUT ROWID;
CREATE INDEX shown_created ON shown (library, created_at, id, flags);
CREATE INDEX shown_number ON shown (library, number, id, flags);
CREATE TABLE tagged (library INTEGER NOT NULL, tag BLOB NOT NULL, bookmark BLOB NOT NULL,
    PRIMARY KEY (library, tag, bookmark)) WITHOUT ROWID;
-- what stands in a collection (x'' is the root); places name their bookmark
CREATE TABLE children (
    library INTEGER NOT NULL, parent BLOB NOT NULL, ord TEXT NOT NULL, id BLOB NOT NULL,
    bookmark BLOB, living INTEGER NOT NULL, PRIMARY KEY (library, parent, ord, id)
) WITHOUT ROWID;
CREATE INDEX children_bookmark ON children (library, bookmark);
CREATE TABLE trashed (library INTEGER NOT NULL, at INTEGER NOT NULL, id BLOB NOT NULL,
    PRIMARY KEY (library, at, id)) WITHOUT ROWID;
-- notes about a bookmark
CREATE TABLE noted (library INTEGER NOT NULL, bookmark BLOB NOT NULL, id BLOB NOT NULL,
    living INTEGER NOT NULL, PRIMARY KEY (library, bookmark, id)) WITHOUT ROWID;
-- living items that hold two versions of a text
CREATE TABLE apart (library INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (library, id))
    WITHOUT ROWID;

-- deletions of devices that wait for a person, outside the log
CREATE TABLE held (
    library INTEGER NOT NULL, device BLOB NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL,
    change TEXT NOT NULL, PRIMARY KEY (library, device, n)
) WITHOUT ROWID;

-- files that are kept with bookmarks; their content is among the blobs
CREATE TABLE captures (
    library INTEGER NOT NULL, id BLOB NOT NULL, item BLOB NOT NULL, made_at INTEGER NOT NULL,
    state TEXT NOT NULL, capture TEXT NOT NULL, PRIMARY KEY (library, id)
) WITHOUT ROWID;
CREATE INDEX captures_item ON captures (library, item, id);
CREATE INDEX captures_left ON captures (library, id) WHERE state <> 'kept';

-- activity
CREATE TABLE activity (
    library INTEGER NOT NULL, person BLOB NOT NULL, at INTEGER NOT NULL, deed TEXT NOT NULL,
    item BLOB NOT NULL
);
CREATE INDEX activity_person ON activity (library, person, at);
CREATE TABLE imports (library INTEGER NOT NULL, id BLOB NOT NULL, started_at INTEGER NOT NULL,
    job TEXT NOT NULL, PRIMARY KEY (library, id)) WITHOUT ROWID;
CREATE TABLE ledger (
    library INTEGER NOT NULL, import BLOB NOT NULL, row INTEGER NOT NULL, outcome TEXT NOT NULL,
    line TEXT NOT NULL, PRIMARY KEY (library, import, row, outcome)
) WITHOUT ROWID;
