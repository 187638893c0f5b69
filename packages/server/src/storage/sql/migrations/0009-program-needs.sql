-- expand
-- The lowest version of the schema that a program must know to use the database from this step on; 0 where any may that could
-- before. Older programs look at it, and it never goes down (docs/decisions/0031-a-schema-says-who-may-use-it.md).
alter table schema_version add column needs integer not null default 0;
