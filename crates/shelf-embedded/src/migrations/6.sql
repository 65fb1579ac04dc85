-- what a grant may be used for, and in which libraries; nothing for all of it
ALTER TABLE grants ADD COLUMN scopes TEXT;
ALTER TABLE grants ADD COLUMN libraries TEXT;
