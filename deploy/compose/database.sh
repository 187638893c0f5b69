#!/bin/bash
# Run once by the image of PostgreSQL, when it makes a new database: two roles, of which the one that nodes use may not
# change the schema. It is docs/operations/cluster.md, line by line.
set -eu
cd /secrets
psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
\set schema_password `cat schema.password`
\set node_password `cat node.password`
create role cardkeep_schema login password :'schema_password';
create role cardkeep_node login password :'node_password';
create database cards owner cardkeep_schema;
revoke all on database cards from public;
grant connect on database cards to cardkeep_node;
\connect cards
revoke create on schema public from public;
grant usage, create on schema public to cardkeep_schema;
grant usage on schema public to cardkeep_node;
alter default privileges for role cardkeep_schema in schema public
  grant select, insert, update, delete on tables to cardkeep_node;
alter default privileges for role cardkeep_schema in schema public
  grant usage on sequences to cardkeep_node;
SQL
