# What an agent of the rounds does: it notes in one file for all hosts, a line each, when it begins, that it still runs, and when it ends, so that whoever reads
# it sees from outside which ran at the same time. The lines: task, launch, host, token, word, and the time since the machine was started.
read -r token </proc/sys/kernel/random/uuid
launch=0
for run in ".aiwg/daemon/actions/$AIWG_TASK_ID"/*/; do
    run=${run%/}
    run=${run##*/}
    [ "$run" -gt "$launch" ] 2>/dev/null && launch=$run
done
note() {
    read -r up rest </proc/uptime
    echo "$AIWG_TASK_ID $launch ${PWD##*/} $token $1 $up" >>"$witness"
}
number=${AIWG_TASK_ID##*-}
while [ "${number#0}" != "$number" ]; do number=${number#0}; done
steps=$((2 + number * 7 % 12))
# One whose first launch ends soon, and whose next one is a long one: the late report of the first meets the second.
if [ -n "$slow_successor" ]; then
    steps=8
    [ "$launch" -gt 1 ] && steps=80
fi
note begin
while [ "$steps" -gt 0 ]; do
    sleep 0.15
    note runs
    steps=$((steps - 1))
done
note end
echo "token $token"
[ -z "$fails" ] || exit 3
