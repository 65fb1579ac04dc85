-- whose each grant was, also after it was revoked
CREATE TABLE authors (id BLOB PRIMARY KEY, person BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX authors_person ON authors (person);
INSERT INTO authors SELECT id, person FROM grants;
