#!/usr/bin/env bash
# The relay beside coturn: processor time of each server for the same load, client to client, by channels, by indications
# and over TCP, and memory of each for the same allocations. It takes Debian's `coturn` (turnserver, turnutils_uclient), and our executable in SERVER_BIN.
set -euo pipefail
server=${SERVER_BIN:?SERVER_BIN names no server executable}
messages=${MESSAGES:-4000}
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$folder"' EXIT

cat >"$folder/config.toml" <<END
[http]
address = "127.0.0.1"
port = 0
[relay]
port = 23478
username = "page"
password = "south"
peer_bytes_per_second = 0
bytes_per_second = 0
peer_allocations_max = 60000
[state]
dir = "memory"
END
"$server" --config "$folder/config.toml" >"$folder/ours.log" 2>&1 &
ours=$!
turnserver -n -a -u page:south -r p2pchat -p 23479 -L 127.0.0.1 -m 2 --no-tls --no-dtls --no-cli --allow-loopback-peers \
  --pidfile="$folder/pid" --log-file=stdout >"$folder/coturn.log" 2>&1 &
coturn=$!

ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
await() { until turnutils_uclient -u page -w south -p "$1" -y -c -m 1 -n 1 -z 2 127.0.0.1 >/dev/null 2>&1; do :; done; }
# The server's processor time in hundredths of a second, and what was lost.
load() {
  local pid=$1 port=$2 before
  shift 2
  before=$(ticks "$pid")
  turnutils_uclient "$@" -u page -w south -p "$port" -y -c -m 10 -n "$messages" -l 1000 -z 2 127.0.0.1 >"$folder/load.log" 2>&1
  printf '%4d  %s' $(($(ticks "$pid") - before)) "$(grep -o 'lost packets.*%)' "$folder/load.log" | tail -1)"
}

await 23478
await 23479
printf '10 clients, %d messages of 1,000 bytes each; hundredths of a second\n' "$messages"
for way in 'channels:' 'indications:-s' 'channels over TCP:-t'; do
  flag=${way#*:}
  printf '%-20s ours %s\n' "${way%%:*}" "$(load $ours 23478 ${flag:+$flag})"
  printf '%-20s coturn %s\n' "${way%%:*}" "$(load $coturn 23479 ${flag:+$flag})"
done

resident() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
# Each client holds an allocation with a permission and a channel until all are ended.
allocations() {
  local pid=$1 port=$2 before clients
  before=$(resident "$pid")
  turnutils_uclient -u page -w south -p "$port" -y -c -m 1000 -n 2 -z 60000 127.0.0.1 >"$folder/clients.log" 2>&1 &
  clients=$!
  # They come some hundred a second.
  sleep 20
  printf '%6d' $((($(resident "$pid") - before) * 1024 / 1000))
  kill $clients
}
printf '1,000 clients; bytes of memory for each\n'
printf '%-20s ours %s\n' 'an allocation' "$(allocations $ours 23478)"
printf '%-20s coturn %s\n' 'an allocation' "$(allocations $coturn 23479)"
