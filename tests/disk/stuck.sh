#!/bin/sh
# File systems that never answer, below a running daemon: it answers all the same, and can be restarted and stopped.
scripts=$(cd "$(dirname "$0")" && pwd)
. "$scripts/lib.sh"
mkdir src
printf '{"agent": {"command": ["%s"]}, "watch": {"enabled": true, "paths": ["src"]}}' "$agent" >.aiwg/daemon.json

# Mounts one, whose process is $mounted then; it answers with errors once that is killed.
never_answers() {
    rm -f "$scratch/mounted"
    python3 "$scripts/never-answers.py" "$1" >"$scratch/mounted" 2>"$scratch/refused" &
    mounted=$!
    until [ -s "$scratch/mounted" ]; do
        if ! kill -0 "$mounted" 2>/dev/null; then
            wait "$mounted" || [ $? -eq 77 ] || fail "$(cat "$scratch/refused")"
            echo "passed over: $(cat "$scratch/refused")"
            "$aiwg" daemon stop
            echo "as it should be"
            exit 0
        fi
        sleep 0.05
    done
}
answers_again() {
    kill "$mounted"
    wait "$mounted" || true
    # Not looked up: it answers with errors by now.
    umount -l --no-canonicalize "$PWD/$1"
}
# Who asks for it waits for ever, which is nobody else's concern.
ask_in_vain() {
    for _ in 1 2 3 4 5; do
        "$aiwg" task list >/dev/null 2>&1 &
        "$aiwg" task logs task-0001 >/dev/null 2>&1 &
    done
    until_it "an answer in between" "$aiwg" daemon status
}
is_dead() { ! kill -0 "$1" 2>/dev/null; }
holder() { head -1 .aiwg/daemon/.lock; }
started() { "$aiwg" daemon status --json | sed -n 's/.*"started_at": "\([^"]*\)".*/\1/p'; }

"$aiwg" daemon start
"$aiwg" task submit "do: echo \$\$ >pid; exec sleep 1000" >/dev/null
until_it "the agent" test -s pid

# The directory of a task, into which its agent could mount something.
never_answers .aiwg/daemon/actions/task-0001
ask_in_vain
before=$(started)
"$aiwg" daemon restart || fail "the restart"
[ "$(started)" != "$before" ] || fail "it has not begun anew"
process=$(holder)
"$aiwg" daemon stop >"$scratch/stop" 2>&1 && fail "nobody can tell whether the agent is alive"
grep -q "does not answer" "$scratch/stop" || fail "$(cat "$scratch/stop")"
kill -0 "$process" 2>/dev/null && fail "its process is alive"
until_it "the agent's end" is_dead "$(cat pid)"
answers_again .aiwg/daemon/actions/task-0001
"$aiwg" daemon start
"$aiwg" daemon stop
kill -0 "$(cat pid)" 2>/dev/null && fail "the agent is alive"

# What is watched.
"$aiwg" daemon start
never_answers src
touch src/new 2>/dev/null &
process=$(holder)
until_it "an answer" "$aiwg" daemon status
"$aiwg" daemon stop || fail "the stop while the watched files do not answer"
kill -0 "$process" 2>/dev/null && fail "its process is alive"
answers_again src
echo "as it should be"
