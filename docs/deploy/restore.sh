#!/usr/bin/env bash
# Restore a backup into an EMPTY database and a bucket, and prove every hash (docs/backups.md).
#
#   restore.sh FOLDER [DUMP]
#
# Without DUMP the newest one in FOLDER. The drill is the same with DATABASE_URL and S3_* of scratch
# services: nothing of the installation is touched. Ends with an error if anything is missing or
# other than it was signed.
set -euo pipefail
folder=${1:?usage: restore.sh FOLDER [DUMP]}
dumps=("$folder"/database-*.dump)
dump=${2:-${dumps[-1]}}
url=${DATABASE_URL/+psycopg/}

pg_restore --exit-on-error --no-owner --no-privileges --dbname="$url" "$dump"
# A program that is newer than the backup brings it up; on the way the new epoch begins.
audit-api database migrate
audit-api backup put-back "$folder"
audit-api checkpoint verify --note "${dump%.dump}.checkpoint"
