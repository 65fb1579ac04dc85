CREATE INDEX shown_number ON shown (library, number, id, flags);
DROP INDEX children_bookmark;
CREATE INDEX children_bookmark ON children (library, bookmark);
CREATE INDEX libraries_owner ON libraries (owner);
