# shellcheck shell=bash
# Redis, as Debian has it. Tests that break a server start servers of their own from the same program.

redis_install() { need_command redis-server redis-server; }

redis_serve() {
  exec redis-server --bind 127.0.0.1 --port "$1" --dir "$2" --save '' --appendonly no
}

redis_is_ready() { [[ $(redis-cli -h 127.0.0.1 -p "$1" ping) == PONG ]]; }

redis_export() {
  export SCORPIO_TEST_REDIS_URL=redis://127.0.0.1:$1
  SCORPIO_TEST_REDIS_SERVER=$(command -v redis-server)
  export SCORPIO_TEST_REDIS_SERVER
}
