#!/bin/sh
# The disk cannot be written: at the start, and under a running daemon.
. "$(dirname "$0")/lib.sh"
emit='{"jsonrpc":"2.0","id":1,"method":"event.emit","params":{"topic":"a:b"}}'

mount -o remount,ro "$project"
"$aiwg" daemon start >/dev/null 2>"$scratch/error" && fail "it starts on a disk that it cannot write"
grep -q "ead-only" "$scratch/error" || fail "$(cat "$scratch/error")"

mount -o remount,rw "$project"
"$aiwg" daemon start
[ "$(kind_of "$emit")" = none ] || fail "an event is refused while there is room"
"$aiwg" daemon stop
echo "as it should be"
