# shellcheck shell=bash
# An S3-compatible server: PyPI's moto, which the makers of many S3 clients test against. It keeps everything in memory.

s3_install() {
  need_command curl curl
  python_venv s3 "$SERVICES/requirements/s3.txt"
}

s3_serve() { exec "$SCORPIO_TOOLS/s3/bin/moto_server" -H 127.0.0.1 -p "$1"; }

# It answers, and has a bucket.
s3_is_ready() {
  curl --silent --fail --max-time 2 "http://127.0.0.1:$1/moto-api/" &&
    curl --silent --fail --max-time 2 --request PUT "http://127.0.0.1:$1/scorpio-test"
}

s3_export() {
  export SCORPIO_TEST_S3_ENDPOINT=http://127.0.0.1:$1 SCORPIO_TEST_S3_BUCKET=scorpio-test
}
