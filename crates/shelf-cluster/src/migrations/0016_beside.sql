-- What a note is about, and whether an item holds two versions of a text.
ALTER TABLE items ADD COLUMN about uuid, ADD COLUMN apart boolean;
CREATE INDEX items_about ON items (library, about, id) WHERE about IS NOT NULL;
CREATE INDEX items_apart ON items (library, id) WHERE apart;

-- What is there already: an item holds its registers by name, and a reference as sixteen bytes: that
-- of a bookmark, or one that joined it. The locks on rows are lifted for this transaction alone, in
-- which nobody else reaches the tables.
ALTER TABLE items NO FORCE ROW LEVEL SECURITY;
ALTER TABLE aliases NO FORCE ROW LEVEL SECURITY;
WITH RECURSIVE named (library, id, bookmark) AS (
        SELECT library, id, id FROM items WHERE kind = 'bookmark' UNION
        SELECT a.library, a.younger, n.bookmark
        FROM named n JOIN aliases a ON a.library = n.library AND a.older = n.id)
    UPDATE items n SET about = b.bookmark, living = n.trashed_at IS NULL FROM named b
    WHERE n.kind = 'note' AND b.library = n.library
    AND position(decode(replace(b.id::text, '-', ''), 'hex') IN n.registers) > 0;
UPDATE items SET apart = true WHERE trashed_at IS NULL
    AND (position('notes/copy/'::bytea IN registers) > 0
        OR position('description/copy/'::bytea IN registers) > 0
        OR position('comment/copy/'::bytea IN registers) > 0
        OR position('body/copy/'::bytea IN registers) > 0);
ALTER TABLE aliases FORCE ROW LEVEL SECURITY;
ALTER TABLE items FORCE ROW LEVEL SECURITY;
