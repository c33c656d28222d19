#!/bin/sh
# Run by the image of PostgreSQL, once, when the volume is new: the service and its standby get a role that is no
# superuser, and the superuser can only be reached inside the container, without a password:
#   docker compose exec database psql -U postgres kasparro
set -eu
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
\getenv password POSTGRES_PASSWORD
CREATE ROLE kasparro LOGIN REPLICATION PASSWORD :'password';
CREATE DATABASE kasparro OWNER kasparro;
SQL
cat >"$PGDATA/pg_hba.conf" <<'HBA'
local all          postgres      peer
host  all          postgres  all reject
host  all          all       all scram-sha-256
host  replication  kasparro  all scram-sha-256
HBA
