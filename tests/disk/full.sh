#!/bin/sh
# The disk fills up under a running daemon, and later there is room again.
. "$(dirname "$0")/lib.sh"
emit='{"jsonrpc":"2.0","id":1,"method":"event.emit","params":{"topic":"a:b","payload":"'$(head -c 20000 /dev/zero | tr '\0' x)'"}}'

"$aiwg" daemon start
"$aiwg" task submit "do: while [ ! -e go ]; do sleep 0.05; done; echo finished" --json
[ "$(kind_of "$emit")" = none ] || fail "an event is refused while there is room"

# All there is. What the database has to itself already may still take a few.
dd if=/dev/zero of=filler bs=4k 2>/dev/null || true
refused() { [ "$(kind_of "$emit")" = storage_unavailable ]; }
until_it "the refusal" refused
before=$("$aiwg" event list 'a:*' --limit 1000 --json | grep -c '"topic"')

"$aiwg" task submit "not taken" 2>"$scratch/error" && fail "a task is taken though the disk is full"
grep -q "could not write to its database" "$scratch/error" || fail "$(cat "$scratch/error")"
"$aiwg" daemon ping >/dev/null || fail "it does not answer"
until_it "its bad health" health_is degraded
"$aiwg" daemon status | grep -q "make room" || fail "it does not say what to do"
"$aiwg" task get task-0001 --json | grep -q '"state": "running"' || fail "the running task"

# There is room again, and the agent comes to its end.
rm -f filler
touch go
until_it "an event to be taken again" "$aiwg" event emit a:after
"$aiwg" task wait task-0001 >"$scratch/wait" || fail "the task that ran meanwhile: $(cat "$scratch/wait")"
until_it "its good health" health_is healthy
after=$("$aiwg" event list 'a:*' --limit 1000 --json | grep -c '"topic"')
[ "$after" -eq $((before + 1)) ] || fail "$before events before, $after after"
"$aiwg" task list --json | grep -q "not taken" && fail "the refused task is there"

# All of it is on the disk.
"$aiwg" daemon stop
"$aiwg" daemon start
again=$("$aiwg" event list 'a:*' --limit 1000 --json | grep -c '"topic"')
[ "$again" -eq "$after" ] || fail "$after events before the restart, $again after"
"$aiwg" daemon stop
echo "as it should be"
