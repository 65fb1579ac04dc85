-- files that are kept with bookmarks; their content is among the blobs
CREATE TABLE captures (
    library INTEGER NOT NULL, id BLOB NOT NULL, item BLOB NOT NULL, made_at INTEGER NOT NULL,
    state TEXT NOT NULL, capture TEXT NOT NULL, PRIMARY KEY (library, id)
) WITHOUT ROWID;
CREATE INDEX captures_item ON captures (library, item, id);
CREATE INDEX captures_left ON captures (library, id) WHERE state <> 'kept';
