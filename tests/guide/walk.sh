#!/usr/bin/env bash
# Walks through the guide that the users wrote for the Node daemon, section by section, with every command as it is written there, and
# stops at the first that does not do what the guide says. Run in a fresh project, with `aiwg` and a stand-in `claude` in PATH.
# SSH and tmux have tests of their own (tests/e2e/remote.rs, tmux.rs), and so has the JavaScript example (tests/e2e/clients.rs).
set -euo pipefail

section() { echo "== $1"; }
fails() {
    echo "FAILED: $1" >&2
    exit 1
}
# A text that has to be there.
has() { grep -qE -- "$2" <<<"$1" || fails "no $2 in: $1"; }
# Tries until it succeeds.
until_true() {
    for _ in $(seq 600); do
        if eval "$1" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    fails "waited in vain for $1"
}

section "Quick start"
aiwg daemon start
[ -d .aiwg/daemon ] || fails "no state in .aiwg/daemon/"
status=$(aiwg daemon status)
has "$status" '^Process +[0-9]+'
has "$status" '^Up '
has "$status" '^File watcher'
has "$status" '^Messaging +no adapters'
aiwg task submit "Fix the failing tests in auth module"
aiwg daemon stop

section "Configuration"
mkdir -p src test
cat >.aiwg/daemon.json <<'JSON'
{
  "daemon": {
    "heartbeat_interval_seconds": 30,
    "max_parallel_actions": 3,
    "action_timeout_minutes": 120,
    "log": {
      "max_size_mb": 50,
      "max_files": 5
    }
  },
  "watch": {
    "enabled": true,
    "paths": ["src/", "test/", ".aiwg/"],
    "ignore": ["node_modules/", ".git/", "*.log"],
    "debounce_ms": 1000
  },
  "schedule": {
    "enabled": true,
    "jobs": [
      {
        "name": "health-check",
        "cron": "*/30 * * * *",
        "action": "health-check"
      },
      {
        "name": "daily-audit",
        "cron": "0 9 * * *",
        "action": "security-audit"
      }
    ]
  },
  "rules": [
    {
      "id": "auto-test-on-change",
      "trigger": {
        "type": "file_change",
        "pattern": "src/**/*.ts"
      },
      "condition": {
        "type": "debounce",
        "interval_ms": 5000
      },
      "action": {
        "type": "submit_task",
        "prompt": "Run tests for the changed files"
      }
    }
  ]
}
JSON
aiwg config check
aiwg daemon start
status=$(aiwg daemon status --json)
[ "$(jq .subsystems.file_watcher.enabled <<<"$status")" = true ] || fails "files are not watched"
[ "$(jq .subsystems.scheduler.jobs <<<"$status")" = 2 ] || fails "not two jobs"
[ "$(jq -r .health <<<"$status")" = healthy ] || fails "not well: $status"
echo 'let a = 1;' >src/a.ts
until_true "aiwg task list | grep 'Run tests for the changed files'"

section "IPC commands"
aiwg daemon status
aiwg daemon ping
aiwg task submit "Refactor the user module to use dependency injection"
aiwg task submit "Fix critical security bug" --priority 10
aiwg task list
aiwg task list --state running
aiwg task list --state queued
aiwg task list --state completed
task=$(aiwg task list --json | jq -r '.[0].id')
aiwg task get "$task"
slow=$(aiwg task submit "do: tool sleep 1000" --json | jq -r .taskId)
aiwg task cancel "$slow"
[ "$(aiwg task get "$slow" --json | jq -r .state)" = cancelled ] || fails "$slow was not cancelled"
aiwg task stats
aiwg automation status
aiwg automation enable
aiwg automation disable
aiwg automation enable
aiwg automation enable --rule auto-test-on-change
aiwg automation disable --rule auto-test-on-change
aiwg automation enable --rule auto-test-on-change
aiwg chat send "What is our current test coverage?"

section "Agent tasks"
id=$(aiwg task submit "do: fails it broke" --json | jq -r .taskId)
aiwg task wait "$id" || true
events=$(aiwg event list 'task:*' --json | jq -r '.[].topic' | sort -u)
has "$events" 'task:started'
has "$events" 'task:completed'
has "$events" 'task:failed'
aiwg task submit "Comprehensive security audit" --timeout 240

section "Why"
why=$(aiwg why "$id")
has "$why" "> .*$id failed after .*: do: fails it broke"
has "$why" '^ +aiwg \(process [0-9]+\) in /'
has "$why" 'run 1 \(agent\): failed'
seq=$(aiwg event emit walk:why --json | jq .seq)
has "$(aiwg why --from "event-$seq")" "> +event.$seq: walk:why"

section "REPL chat"
has "$(echo 'hello there' | aiwg daemon chat)" 'hello there'

section "Health monitoring"
[ "$(jq .pid .aiwg/daemon/heartbeat)" = "$(cat .aiwg/daemon.pid)" ] || fails "the heartbeat is another process's"
jq -e '.timestamp and .uptime_seconds >= 0' .aiwg/daemon/heartbeat
until_true "jq -e .subsystems.file_watcher.enabled .aiwg/daemon/state.json"
jq -e '.pid and .started_at and .uptime_seconds >= 0 and .socket and .health and (.subsystems
    | .ipc.clients >= 0 and .supervisor.running >= 0 and .supervisor.queued >= 0 and .file_watcher.enabled and .scheduler.enabled
      and .automation.enabled)' .aiwg/daemon/state.json

section "File structure"
for file in daemon.pid daemon/.lock daemon/heartbeat daemon/state.json daemon/daemon.log daemon/daemon.sock daemon/tasks.json \
    daemon/actions daemon/events; do
    [ -e ".aiwg/$file" ] || fails "there is no .aiwg/$file"
done

section "Troubleshooting"
ls -la .aiwg/daemon/.lock
ls -la .aiwg/daemon/daemon.sock
has "$(stat .aiwg/daemon/daemon.sock)" '0600'
cat .aiwg/daemon.pid
ps -p $(cat .aiwg/daemon.pid)
has "$(head -1000 .aiwg/daemon/daemon.log | grep automation)" 'auto-test-on-change'
aiwg daemon stop && aiwg daemon start
aiwg daemon stop
rm -f .aiwg/daemon/.lock .aiwg/daemon.pid
aiwg daemon start

section "Advanced configuration"
aiwg daemon stop
for profile in dev prod; do
    cat >".aiwg/daemon.$profile.json" <<'JSON'
{
  "rules": [
    {
      "id": "on-deployment-complete",
      "trigger": {
        "type": "event",
        "topic": "deployment:complete"
      },
      "condition": {"type": "always"},
      "action": {
        "type": "submit_task",
        "prompt": "Run post-deployment smoke tests"
      }
    },
    {
      "id": "notify-on-error",
      "trigger": {"type": "event", "topic": "task:failed"},
      "action": {
        "type": "submit_task",
        "prompt": "Send failure notification",
        "env": {
          "SLACK_WEBHOOK_URL": "${SLACK_WEBHOOK_URL}"
        }
      }
    },
  ]
}
JSON
done
SLACK_WEBHOOK_URL=https://hooks.test/secret aiwg daemon start --config .aiwg/daemon.dev.json
aiwg event emit deployment:complete '{"version": "1.2.3"}'
until_true "aiwg task list | grep 'Run post-deployment smoke tests'"
aiwg task wait "$(aiwg task submit "do: fails it broke" --json | jq -r .taskId)" || true
until_true "aiwg task list --state completed | grep 'Send failure notification'"
aiwg daemon restart
has "$(aiwg daemon status)" 'daemon\.dev\.json'
aiwg daemon stop
aiwg daemon start --config .aiwg/daemon.prod.json

section "Migration from manual workflows"
aiwg daemon stop
cat >.aiwg/daemon.json <<'JSON'
{
  "rules": [
    {
      "id": "auto-test",
      "trigger": {"type": "file_change", "pattern": "src/**/*.ts"},
      "condition": {"type": "debounce", "interval_ms": 5000},
      "action": {"type": "submit_task", "prompt": "Run tests for changed files"}
    }
  ]
}
JSON
aiwg daemon start
echo 'let a = 2;' >src/a.ts
until_true "aiwg task list | grep 'Run tests for changed files'"

section "FAQ"
aiwg automation disable
[ "$(aiwg automation status --json | jq .enabled)" = false ] || fails "not paused"
aiwg daemon stop
code=0
aiwg task submit "while it is stopped" || code=$?
[ $code = 3 ] || fails "a stopped daemon took a task: $code"
echo "The whole guide works."
