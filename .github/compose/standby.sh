#!/bin/sh
# Copies the database once and then follows it, for as long as the volume is there. A copy that was cut off is begun anew.
set -eu
if [ ! -d "$PGDATA" ]; then
	until rm -rf "$PGDATA.new" && pg_basebackup --host=database --username=kasparro --pgdata="$PGDATA.new" --checkpoint=fast --write-recovery-conf; do
		sleep 2
	done
	mv "$PGDATA.new" "$PGDATA"
fi
exec postgres "$@"
