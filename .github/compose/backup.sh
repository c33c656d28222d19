#!/bin/sh
# Backs up and restores the database of docker-compose.yml: `make backup` and `make restore` run it.
#   backup.sh backup FILE | restore FILE | drop NAME
# PostgreSQL's programs and kasparro run in the service `backup`, the file comes and goes through its standard input and output,
# and belongs to whoever calls. COMPOSE is how Docker Compose is called. A database that was down is down again afterwards.
set -eu
umask 077
compose() { $COMPOSE --progress quiet "$@"; }
tool() { compose run --rm --no-TTY --no-deps backup "$@"; }
as_superuser() { compose exec --no-TTY database psql --no-psqlrc --quiet --username postgres --dbname postgres --command "$1" </dev/null >/dev/null; }

part='' granted='' started=''
leave() {
	status=$?
	trap - EXIT
	if [ -n "$part" ]; then rm -f "$part"; fi
	if [ -n "$granted" ]; then as_superuser 'ALTER ROLE kasparro NOCREATEDB' || status=1; fi
	if [ -n "$started" ]; then compose rm --stop --force database >/dev/null 2>&1 || status=1; fi
	exit "$status"
}
trap leave EXIT
trap 'exit 1' HUP INT TERM

up() {
	if [ -z "$(compose ps --quiet database)" ]; then started=yes; fi
	compose up --detach --wait --no-recreate database
}

back_up() {
	if [ -e "$1" ]; then
		echo "$1 is there already, and no backup is ever overwritten." >&2
		exit 1
	fi
	up
	mkdir -p "$(dirname "$1")"
	part=$(mktemp "$1.XXXXXX.part")
	tool backup - >"$part"
	said=$(tool restore --check - <"$part") || { echo "$1 was not written whole: is its disk full?" >&2; exit 1; }
	sync
	mv "$part" "$1"
	part=''
	echo "$1${said#-}"
}

# The service's role is let make databases for as long as this takes.
exchange() {
	granted=yes
	as_superuser 'ALTER ROLE kasparro CREATEDB'
	tool restore "$@"
}

case "$1" in
backup) back_up "$2" ;;
restore)
	up
	tool restore --check - <"$2" >/dev/null
	exchange - <"$2"
	;;
drop)
	up
	exchange --drop "$2" </dev/null
	;;
esac
