-- Whether somebody else had the file too when it was last looked at. Where only the number of its names tells, this is not seen any more
-- once it was written: it has one name until the next share cycle.
ALTER TABLE file ADD COLUMN is_shared INTEGER NOT NULL DEFAULT 0;
