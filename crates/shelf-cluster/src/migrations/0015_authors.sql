-- Whose each grant was, also after it was revoked.
CREATE TABLE authors (id uuid PRIMARY KEY, person uuid NOT NULL);
CREATE INDEX authors_person ON authors (person);
INSERT INTO authors SELECT id, person FROM grants;
