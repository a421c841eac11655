#!/bin/sh
# serve.sh start|stop: runs the FalkorDB that setup.sh installed, in the
# background, on the first free port from 6381 on. What it holds stays in
# .falkordb/data, and a second start finds the first one running.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
home=${ZAPOMNI_FALKORDB_DIR:-$root/.falkordb}
run=$root/.falkordb/run
data=$root/.falkordb/data
export LD_LIBRARY_PATH="$home/lib"

die() { echo "falkordb: $*" >&2; exit 1; }

# answers tells whether the server on port $1 is the process $2: another one
# may sit on that port.
answers() {
  "$home/bin/valkey-cli" -p "$1" INFO server 2>/dev/null | tr -d '\r' | grep -qx "process_id:$2"
}

# running sets port and pid of the server that was started here, if it runs.
running() {
  [ -s "$run/server" ] && read -r pid port <"$run/server" && answers "$port" "$pid"
}

# attempt starts one on port $1. It fails if something else is there.
attempt() {
  port=$1
  "$home/bin/valkey-server" --bind 127.0.0.1 --port "$port" --dir "$data" \
    --save '' --appendonly yes --appendfsync everysec \
    --loadmodule "$home/falkordb.so" TIMEOUT_MAX 60000 </dev/null >"$run/log" 2>&1 &
  pid=$!
  tries=600
  until answers "$port" "$pid"; do
    kill -0 "$pid" 2>/dev/null || { wait "$pid" || :; return 1; }
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { kill "$pid"; die "it does not answer, see $run/log"; }
    sleep 0.1
  done
  echo "$pid $port" >"$run/server"
}

start() {
  [ -x "$home/bin/valkey-server" ] || die "it is not in $home, install it with tests/falkordb/setup.sh"
  mkdir -p "$run" "$data"
  exec 9>"$run/lock"
  flock 9
  if ! running; then
    port=6381
    # The server must not inherit the lock.
    until attempt "$port" 9>&-; do
      grep -q 'Address already in use' "$run/log" || { tail -5 "$run/log" >&2; die 'it does not start'; }
      port=$((port + 1))
      [ "$port" -lt 6481 ] || die 'no port from 6381 to 6480 is free'
    done
  fi
  echo "FALKORDB_URL=redis://127.0.0.1:$port"
  echo "TEST_FALKORDB_ADDR=127.0.0.1:$port"
}

stop() {
  running || { echo 'falkordb: none runs'; return; }
  kill "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  rm -f "$run/server"
  echo 'falkordb: stopped'
}

case ${1:-} in
start | stop) "$1" ;;
*) die 'say start or stop' ;;
esac
