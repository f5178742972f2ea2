#!/usr/bin/env bash
# Back up the database and the bucket into a folder, and record it (docs/backups.md).
#
#   backup.sh FOLDER
#
# FOLDER should lie on another machine or be carried there: the last step is the operator's word
# that it is safe, and tablets delete on it. Reads DATABASE_URL, S3_* and the keys as the server
# does. Dumps have the time in their name; originals are added to the ones that are there.
set -euo pipefail
folder=${1:?usage: backup.sh FOLDER}
url=${DATABASE_URL/+psycopg/}
umask 077
mkdir -p "$folder"

# Kept beside the dump, and best elsewhere too: it shows if a log was cut off or written anew.
audit-api checkpoint > "$folder/.checkpoint"
token=$(audit-api backup begin)
dump=$folder/database-${token%%-*}.dump
pg_dump --format=custom --no-unlogged-table-data --file="$dump.part" --dbname="$url"
# The dump first, then the bucket: whatever the dump names lies in the bucket already.
audit-api backup photos "$folder"
pg_restore --list "$dump.part" > /dev/null
mv "$folder/.checkpoint" "${dump%.dump}.checkpoint"
sync -f "$dump.part"
mv "$dump.part" "$dump"
audit-api backup done "$token"
