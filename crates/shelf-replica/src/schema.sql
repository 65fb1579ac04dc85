-- What a replica keeps. The base is what the server decided; what is shown is the base with the
-- queue decided on top, and is not stored: so no crash can part the two.

-- Whose replica it is, and how far it has come: JSON by name.
CREATE TABLE kept (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- The folded items, each as the domain packs it.
CREATE TABLE items (
    id     BLOB PRIMARY KEY,
    kind   TEXT NOT NULL,
    packed BLOB NOT NULL
) WITHOUT ROWID;

-- Ids that joined.
CREATE TABLE aliases (
    younger BLOB PRIMARY KEY,
    older   BLOB NOT NULL
) WITHOUT ROWID;

-- What was not answered yet, and what was answered and did not come back by the log yet: then with
-- the row it became. What came back unanswered is in the base, and is pushed for its answer alone.
CREATE TABLE queue (
    n      INTEGER PRIMARY KEY,
    change TEXT NOT NULL,
    seq    INTEGER,
    came   INTEGER NOT NULL
);

-- What was refused, or waits for the person at the server.
CREATE TABLE aside (
    id      INTEGER PRIMARY KEY,
    device  BLOB NOT NULL,
    n       INTEGER NOT NULL,
    why     TEXT NOT NULL,
    refused TEXT,
    change  TEXT NOT NULL
);

-- Own copies of items that were removed for good while changes to them waited: what a new item is
-- made of, and the id of that one once it is made.
CREATE TABLE copies (
    item    BLOB PRIMARY KEY,
    kind    TEXT NOT NULL,
    packed  BLOB NOT NULL,
    renewed BLOB
) WITHOUT ROWID;
