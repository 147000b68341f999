#!/bin/sh
# On a full disk what runs can be ended, by a person, by its time limit and with the daemon, and stays ended.
. "$(dirname "$0")/lib.sh"
printf '{"agent": {"command": ["%s"]}, "daemon": {"heartbeat_interval_seconds": 1, "max_parallel_actions": 4}}' \
    "$agent" >.aiwg/daemon.json
fill() { dd if=/dev/zero of="$1" bs=4k 2>/dev/null || true; }
is() { [ "$("$aiwg" task get "$1" --json | grep -c "\"state\": \"$2\"")" = 1 ]; }
attempts_of() { "$aiwg" task get "$1" --json | sed -n 's/.*"attempts": \([0-9]*\).*/\1/p'; }
pid_of() { cat "$1.pid"; }

"$aiwg" daemon start
for n in 1 2 3; do
    "$aiwg" task submit "do: echo \$\$ >$n.pid; exec sleep 1000" >/dev/null
done
"$aiwg" task submit "do: echo \$\$ >4.pid; until [ -e full ]; do sleep 0.05; done; exec sleep 1000" --timeout 0.1 >/dev/null
"$aiwg" task submit "do: echo last >last" >/dev/null
for n in 1 2 3 4; do until_it "agent $n" test -s "$n.pid"; done

mkdir full
fill filler
until_it "its bad health" health_is degraded

# A person.
"$aiwg" task cancel 1 >"$scratch/cancel" 2>&1 || fail "the cancel: $(cat "$scratch/cancel")"
is 1 cancelled || fail "the cancelled task: $("$aiwg" task get 1)"
kill -0 "$(pid_of 1)" 2>/dev/null && fail "its agent is alive"

# Its time limit.
"$aiwg" task wait 4 --wait-timeout 60 >"$scratch/wait" 2>&1 && fail "it has completed"
is 4 timeout || fail "the task whose time is up: $("$aiwg" task get 4)"
kill -0 "$(pid_of 4)" 2>/dev/null && fail "the agent of the task whose time is up is alive"

# What is queued does not start meanwhile, and has not failed.
is 5 queued || fail "the queued task: $("$aiwg" task get 5)"

# The daemon is killed, with no room for the next one either.
kill -9 "$(head -1 .aiwg/daemon/.lock)"
until_it "the daemon's end" sh -c "! '$aiwg' daemon ping"
rm -f filler
fill filler
"$aiwg" daemon start || fail "it does not start on a full disk"
is 1 cancelled || fail "after the crash the cancelled task is $("$aiwg" task get 1)"
is 2 running || fail "after the crash the running task is $("$aiwg" task get 2)"

# Many, and then the rest with the daemon.
"$aiwg" task cancel --state running --no-wait >"$scratch/many" 2>&1 || fail "the cancel of many: $(cat "$scratch/many")"
for n in 2 3; do until_it "the end of task $n" is "$n" cancelled; done
rm -f filler
"$aiwg" task submit "do: echo \$\$ >6.pid; trap '' TERM; while :; do sleep 0.1; done" >/dev/null
until_it "agent 6" test -s 6.pid
fill filler
until_it "its bad health" health_is degraded
"$aiwg" daemon stop >"$scratch/stop" 2>&1 || fail "the stop: $(cat "$scratch/stop")"
kill -0 "$(pid_of 6)" 2>/dev/null && fail "an agent is alive after the stop"

# With room again nothing of that is run again, and what was queued is run.
rm -f filler
"$aiwg" daemon start
"$aiwg" task wait 5 >"$scratch/wait" || fail "the queued task: $(cat "$scratch/wait")"
for n in 1 2 3 6; do
    is "$n" cancelled || fail "task $n is $("$aiwg" task get "$n")"
    [ "$(attempts_of "$n")" = 1 ] || fail "task $n was run again"
done
until_it "its good health" health_is healthy
"$aiwg" daemon stop
echo "as it should be"
