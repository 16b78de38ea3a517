-- What a user chooses to be written is called a field. In JSON a quote inside of a text is escaped, so that this is the key only.

UPDATE own SET tags = replace(tags, '"modules":[', '"fields":[');

UPDATE change
SET
  plan = replace(plan, '"modules":[', '"fields":['),
  own_before = replace(own_before, '"modules":[', '"fields":[');
