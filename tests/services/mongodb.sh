# shellcheck shell=bash
# No MongoDB server is packaged. This is PyPI's nx-27017, which speaks its wire protocol over SQLite. Tests that break a server start servers
# of their own from the same program.

mongodb_install() { python_venv mongodb "$SERVICES/requirements/mongodb.txt"; }

mongodb_program() { echo "$SCORPIO_TOOLS/mongodb/bin/nx-27017"; }

mongodb_serve() {
  exec "$(mongodb_program)" --db memory --host 127.0.0.1 --port "$1" --pid-file "$2/pid" --log-file "$2/log"
}

mongodb_is_ready() {
  "$SCORPIO_TOOLS/mongodb/bin/python" -c '
import sys, pymongo
pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), serverSelectionTimeoutMS=1000).admin.command("ping")' "$1"
}

mongodb_export() {
  export SCORPIO_TEST_MONGODB_URL=mongodb://127.0.0.1:$1
  SCORPIO_TEST_MONGODB_SERVER=$(mongodb_program)
  export SCORPIO_TEST_MONGODB_SERVER
}
