#!/bin/sh
# Backs up and restores the database of docker-compose.yml: `make backup` and `make restore` run it.
#   backup.sh backup FILE | restore FILE | rehearse FILE IMAGE | drop NAME
# PostgreSQL's programs and kasparro run in the service `backup`, the file comes and goes through its standard input and output,
# and belongs to whoever calls. DOCKER and COMPOSE are how they are called. A database that was down is down again afterwards.
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
grant() {
	granted=yes
	as_superuser 'ALTER ROLE kasparro CREATEDB'
}

# of_file FILE COMMAND...: what a command says of its standard input is said of the file.
of_file() {
	file=$1
	shift
	said=$("$@" <"$file" 2>&1 >&3) || {
		case "$said" in 'kasparro: -: '*) said="kasparro: $file: ${said#kasparro: -: }" ;; esac
		echo "$said" >&2
		exit 1
	}
	if [ -n "$said" ]; then echo "$said" >&2; fi
}

case "$1" in
backup) back_up "$2" ;;
restore)
	up
	of_file "$2" tool restore --check - 3>/dev/null
	grant
	of_file "$2" tool restore - 3>&1
	;;
rehearse) # the copy is on the disk of the engine, and gone with its container
	of_file "$2" $DOCKER run --rm --interactive --read-only --network none --cap-drop ALL --volume /tmp --env DATA_DIR=/tmp/rehearsal "$3" restore - 3>&1
	;;
drop)
	up
	grant
	tool restore --drop "$2" </dev/null
	;;
esac
