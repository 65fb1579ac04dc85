-- deletions of devices that wait for a person, outside the log
CREATE TABLE held (
    library INTEGER NOT NULL, device BLOB NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL,
    change TEXT NOT NULL, PRIMARY KEY (library, device, n)
) WITHOUT ROWID;
