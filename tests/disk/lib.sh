# Sourced by the scripts here: AIWG PROJECT AGENT, on a disk of 8 MiB.
set -eu
aiwg=$1 project=$2 agent=$3

mount -t tmpfs -o size=8m,mode=700 disk "$project"
cd "$project"
mkdir .aiwg
printf '{"agent": {"command": ["%s"]}, "daemon": {"heartbeat_interval_seconds": 1}}' "$agent" >.aiwg/daemon.json

# What the script itself writes does not go to that disk.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "FAILED: $*"
    cat .aiwg/daemon/daemon.log || true
    exit 1
}

# Waits until a command succeeds.
until_it() {
    what=$1
    shift
    tries=600
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "waited in vain for $what"
        sleep 0.1
    done
}

# Whether the status shows this health.
health_is() {
    "$aiwg" daemon status --json | grep -q "\"health\": \"$1\""
}

# The kind of the error with which a call is answered.
kind_of() {
    python3 - "$1" <<'CALL'
import json, socket, sys
with socket.socket(socket.AF_UNIX) as daemon:
    daemon.connect(".aiwg/daemon/daemon.sock")
    daemon.sendall(sys.argv[1].encode() + b"\n")
    answer = json.loads(daemon.makefile().readline())
    print(answer.get("error", {}).get("data", {}).get("kind", "none"))
CALL
}
