-- notes about a bookmark
CREATE TABLE noted (library INTEGER NOT NULL, bookmark BLOB NOT NULL, id BLOB NOT NULL,
    living INTEGER NOT NULL, PRIMARY KEY (library, bookmark, id)) WITHOUT ROWID;
-- living items that hold two versions of a text
CREATE TABLE apart (library INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (library, id))
    WITHOUT ROWID;

-- What is there already: an item holds its registers by name, and a reference as sixteen bytes: that
-- of a bookmark, or one that joined it.
INSERT OR IGNORE INTO noted
    WITH RECURSIVE named (library, id, bookmark) AS (
        SELECT library, id, id FROM items WHERE kind = 0 UNION
        SELECT a.library, a.younger, n.bookmark
        FROM named n JOIN aliases a ON a.library = n.library AND a.older = n.id)
    SELECT n.library, b.bookmark, n.id, NOT EXISTS (
        SELECT 1 FROM trashed t WHERE t.library = n.library AND t.id = n.id)
    FROM items n JOIN named b ON b.library = n.library
    WHERE n.kind = 5 AND instr(n.registers, b.id) > 0;
INSERT INTO apart SELECT i.library, i.id FROM items i
    WHERE (instr(i.registers, CAST('notes/copy/' AS BLOB)) > 0
        OR instr(i.registers, CAST('description/copy/' AS BLOB)) > 0
        OR instr(i.registers, CAST('comment/copy/' AS BLOB)) > 0
        OR instr(i.registers, CAST('body/copy/' AS BLOB)) > 0)
    AND NOT EXISTS (SELECT 1 FROM trashed t WHERE t.library = i.library AND t.id = i.id);
