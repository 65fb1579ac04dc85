-- What a grant may be used for, and in which libraries; nothing for all of it.

ALTER TABLE grants ADD COLUMN scopes text, ADD COLUMN libraries text;
