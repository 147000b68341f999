//! The last part of the help of each command, and of the manual pages: no line longer than a terminal of 80 columns,
//! so that it can be copied.

/// A word, and what it is for.
pub(crate) type Entry = (&'static str, &'static str);

/// Variables of the environment that the command reads.
pub(crate) const ENVIRONMENT: [Entry; 9] = [
    ("AIWG_DAEMON_SOCKET", "the daemon's socket, in place of the project's own"),
    ("AIWG_OFFLINE", "if it is 1, `event emit` needs no daemon: see --offline"),
    ("AIWG_RUNTIME_DIR", "for the list of daemons; else XDG_RUNTIME_DIR or /tmp"),
    ("AIWG_SAFE_DIRECTORY", "other users' projects to trust, as PATH lists them"),
    ("AIWG_STORE", "a PostgreSQL for tasks and events; before `store`"),
    ("LANG and LC_*", "where they name no UTF-8, other letters are escapes"),
    ("NO_COLOR", "if it is not empty, nothing is coloured"),
    ("TZ", "the time zone to print times in; else the machine's"),
    ("XDG_STATE_HOME", "for history, limits and work trees; else ~/.local/state"),
];

/// Files that it reads and writes.
pub(crate) const FILES: [Entry; 7] = [
    (".aiwg/daemon.json", "the configuration"),
    (".aiwg/daemon/", "the daemon's socket, store and log"),
    (".aiwg/daemon/actions/", "what agents wrote"),
    (".aiwg/spool/", "events for the next daemon"),
    ("$XDG_STATE_HOME/aiwg/chat-history", "what was typed in conversations"),
    ("$XDG_STATE_HOME/aiwg/accounts.json", "limits of the agents' accounts"),
    ("$XDG_STATE_HOME/aiwg/worktrees/", "the work trees of tasks"),
];

/// Codes that it exits with.
pub(crate) const EXIT_CODES: [Entry; 6] = [
    ("0", "done"),
    ("1", "failed"),
    ("2", "wrong usage"),
    ("3", "no daemon runs"),
    ("124", "what was waited for has not come in the time given"),
    ("130", "ended by Ctrl-C"),
];

/// The last part of the help of `aiwg` itself.
pub(crate) fn overall() -> String {
    let section = |heading: &str, entries: &[Entry]| {
        let width = entries.iter().map(|(word, _)| word.len()).max().unwrap_or(0);
        let lines = entries.iter().map(|(word, meaning)| format!("  {word:width$}  {meaning}\n"));
        format!("{heading}:\n{}\n", lines.collect::<String>())
    };
    section("Environment", &ENVIRONMENT)
        + &section("Files", &FILES)
        + section("Exit codes", &EXIT_CODES).trim_end()
}

pub(crate) const INIT: &str = "Examples:
  aiwg init && aiwg config check && aiwg daemon start
  aiwg init --claude-settings";

pub(crate) const START: &str = "Examples:
  aiwg daemon start
  aiwg daemon start --config .aiwg/daemon.dev.json
  aiwg daemon start --adopt-state
  aiwg daemon start --tmux && aiwg daemon attach";

pub(crate) const IMPORT: &str = "Example:
  aiwg daemon stop && aiwg daemon import";

pub(crate) const STOP: &str = "Examples:
  aiwg daemon stop && aiwg daemon start
  aiwg daemon stop --all";

pub(crate) const RESTART: &str = "Examples:
  aiwg config check && aiwg daemon restart
  aiwg daemon restart --all";

pub(crate) const DAEMON_LIST: &str = "Examples:
  aiwg daemon list
  aiwg daemon list --json | jq -r '.[] | select(.health == \"degraded\").project'";

pub(crate) const RELOAD: &str = "Example:
  aiwg config check && aiwg daemon reload";

pub(crate) const STATUS: &str = "Examples:
  aiwg daemon status
  aiwg daemon status --json | jq -r .health";

pub(crate) const PING: &str = "Example:
  aiwg daemon ping || aiwg daemon start";

pub(crate) const LOGS: &str = "Examples:
  aiwg daemon logs --lines 20
  aiwg daemon logs --follow | grep automation";

pub(crate) const DAEMON_CHAT: &str = "Examples:
  aiwg daemon chat
  aiwg daemon chat \"What is our current test coverage?\"
  aiwg daemon chat \"What is our current test coverage?\" --json | jq -r .result";

pub(crate) const ATTACH: &str = "Example:
  aiwg daemon attach --readonly";

pub(crate) const SERVICE: &str = "Examples:
  mkdir -p ~/.config/systemd/user
  aiwg daemon service > ~/.config/systemd/user/aiwg-NAME.service
  systemctl --user daemon-reload && systemctl --user enable --now aiwg-NAME";

pub(crate) const SUBMIT: &str = "Examples:
  aiwg task submit \"Fix critical security bug\" --priority 10
  aiwg task submit \"Comprehensive security audit\" --timeout 240
  aiwg task submit \"Fix all failing tests\" --verify \"npm test\" --max-rounds 5
  aiwg task submit \"Rename the module\" --worktree --back apply
  { echo \"Review this change:\"; git diff; } | aiwg task submit - --wait";

pub(crate) const LOOP: &str = "Examples:
  aiwg loop \"Fix all failing tests\" --verify \"npm test\"
  aiwg loop \"Make it build\" --verify make --max-rounds 3 --protect 'tests/**'";

pub(crate) const LIST: &str = "Examples:
  aiwg task list --state running
  aiwg task list --json | jq -r '.[].id'";

pub(crate) const GET: &str = "Examples:
  aiwg task get task-0001
  aiwg task get task-0001 --json | jq -r .result";

pub(crate) const CANCEL: &str = "Examples:
  aiwg task cancel task-0001
  aiwg task cancel --state queued --rule auto-test";

pub(crate) const RETRY: &str = "Examples:
  aiwg task retry task-0001
  aiwg task retry --state failed --since 1h";

pub(crate) const ACCOUNT_LIST: &str = "Example:
  aiwg account list";

pub(crate) const ACCOUNT_RESUME: &str = "Examples:
  aiwg account resume
  aiwg account resume 5f1c0c6f";

pub(crate) const MESSAGING_STATUS: &str = "Example:
  aiwg messaging status";

pub(crate) const MESSAGING_TEST: &str = "Examples:
  aiwg messaging test
  aiwg messaging test telegram";

pub(crate) const MESSAGING_MANIFEST: &str = "Example:
  aiwg messaging manifest slack";

pub(crate) const WEBHOOK_LIST: &str = "Example:
  aiwg webhook list";

pub(crate) const WEBHOOK_SEND: &str = "Examples:
  aiwg webhook send /github --event push
  aiwg webhook send /github push.json --event push --id 72d3162e
  aiwg webhook send /json - < event.json";

pub(crate) const REPORT: &str = "Examples:
  aiwg report
  aiwg report --since 18:00
  aiwg schedule run morning   # a job with the action \"report\"";

pub(crate) const HOLD: &str = "Examples:
  aiwg task hold task-0003
  aiwg task hold 3 4 --until 22:00";

pub(crate) const SEND: &str = "Examples:
  aiwg task send task-0003 'Leave the public API as it is'
  cat notes.md | aiwg task send 3 -";

pub(crate) const TAKE: &str = "Examples:
  aiwg task take task-0003
  aiwg task take 3 --now";

pub(crate) const GIVE: &str = "Examples:
  aiwg task give task-0003
  aiwg task give 3 --done";

pub(crate) const DIFF: &str = "Examples:
  aiwg task diff task-0003
  aiwg task diff 3 --stat";

pub(crate) const APPLY: &str = "Example:
  aiwg task apply task-0003";

pub(crate) const WORKSPACE_LIST: &str = "Example:
  aiwg workspace list";

pub(crate) const WORKSPACE_PRUNE: &str = "Examples:
  aiwg workspace prune
  aiwg workspace prune --results";

pub(crate) const HOST_LIST: &str = "Example:
  aiwg host list";

pub(crate) const HOST_DRAIN: &str = "Examples:
  aiwg host drain build-1
  aiwg host drain build-1 --resume";

pub(crate) const HOST_LOST: &str = "Example:
  aiwg host lost 5b0e7c9e

Its agents have to be gone: those of a machine that does not answer can be
ended by nobody else.";

pub(crate) const RELEASE: &str = "Example:
  aiwg task release task-0003";

pub(crate) const EDIT: &str = "Examples:
  aiwg task edit task-0003 --priority 10
  aiwg task edit 3 --lane docs --expires 2h";

pub(crate) const PAUSE: &str = "Example:
  aiwg daemon pause";

pub(crate) const RESUME: &str = "Example:
  aiwg daemon resume";

pub(crate) const DRAIN: &str = "Examples:
  aiwg daemon drain
  aiwg daemon drain --exit --wait-timeout 2h";

pub(crate) const TASK_LOGS: &str = "Examples:
  aiwg task logs task-0001 --follow
  aiwg task logs --follow";

pub(crate) const STATS: &str = "Example:
  aiwg task stats --json | jq .queued";

pub(crate) const DASHBOARD: &str = "Examples:
  aiwg dashboard --open
  aiwg dashboard --all --readonly
  aiwg dashboard --listen unix:/run/user/1000/aiwg-dashboard.sock";

pub(crate) const TOP: &str = "Examples:
  aiwg top
  aiwg top --all
  aiwg top --plain | tee what-happened.txt";

pub(crate) const METRICS: &str = "Examples:
  aiwg metrics
  aiwg metrics --format prometheus | promtool check metrics";

pub(crate) const BUDGET: &str = "Examples:
  aiwg budget
  aiwg budget --json | jq '.bounds[] | {span, rule, leftUsd}'";

pub(crate) const WHY: &str = "Examples:
  aiwg why task-0004
  aiwg why --from event-17
  aiwg why event-17 --json | jq '.nodes[].text'";

pub(crate) const WAIT: &str = "Example:
  aiwg task wait task-0001 task-0002 && echo both completed";

pub(crate) const APPROVAL_LIST: &str = "Examples:
  aiwg approval list
  aiwg approval list --state rejected --json | jq -r '.[].summary'";

pub(crate) const APPROVAL_SHOW: &str = "Example:
  aiwg approval show 1";

pub(crate) const APPROVAL_APPROVE: &str = "Examples:
  aiwg approval approve 1
  aiwg approval approve approval-0001 --reason \"reviewed by two\"
  aiwg approval approve 3 --always";

pub(crate) const APPROVAL_REJECT: &str = "Example:
  aiwg approval reject 1 --reason \"not on a Friday\"";

pub(crate) const APPROVAL_ANSWER: &str = "Example:
  aiwg approval answer 2 SQLite";

pub(crate) const ASK: &str = "Examples:
  aiwg ask \"Which of the two?\" --option SQLite --option PostgreSQL
  aiwg ask \"What is the release called?\" --timeout 2h";

pub(crate) const CHAT_SEND: &str = "Examples:
  aiwg chat send \"What is our current test coverage?\"
  { echo \"What fails here?\"; cat test.log; } | aiwg chat send -
  aiwg chat send \"And of the branches?\" --conversation coverage";

pub(crate) const EMIT: &str = "Examples:
  aiwg event emit deployment:complete '{\"version\": \"1.2.3\"}'
  aiwg event emit tests:report - < report.json
  aiwg event emit git:commit --offline   # a hook that works without a daemon";

pub(crate) const WATCH: &str = "Examples:
  aiwg event watch 'task:*' 'deployment:*'
  aiwg event watch --json | jq -r .topic";

pub(crate) const EVENT_LIST: &str = "Examples:
  aiwg event list 'deployment:*'
  aiwg event list --since 42 --limit 10";

pub(crate) const AUTOMATION_STATUS: &str = "Example:
  aiwg automation status";

pub(crate) const ENABLE: &str = "Examples:
  aiwg automation enable
  aiwg automation enable --rule auto-test-on-change";

pub(crate) const DISABLE: &str = "Examples:
  aiwg automation disable
  aiwg automation disable --rule auto-test-on-change";

pub(crate) const TEST: &str = "Examples:
  aiwg automation test --topic tests:failed --payload '{\"count\": 3}'
  aiwg automation test --file src/main.ts
  aiwg automation test --schedule daily-audit";

pub(crate) const TOPIC_LIST: &str = "Examples:
  aiwg topic list
  aiwg topic list --json | jq '.[] | select(.source == \"project\")'";

pub(crate) const SCHEDULE_LIST: &str = "Example:
  aiwg schedule list";

pub(crate) const SCHEDULE_NEXT: &str = "Examples:
  aiwg schedule next '0 9 * * 1-5' --count 3
  aiwg schedule next '30 2 * * *' --timezone Europe/Berlin --from 2026-03-28";

pub(crate) const SCHEDULE_RUN: &str = "Example:
  aiwg schedule run daily-audit";

pub(crate) const STORE_MIGRATE: &str = "Examples:
  aiwg store migrate --to 'postgres://ann@db/work?project=shop' --dry-run
  aiwg store migrate --to 'postgres://ann@db/work?project=shop'
  aiwg store migrate --to sqlite";

pub(crate) const CONFIG_CHECK: &str = "Examples:
  aiwg config check
  aiwg config check .aiwg/daemon.prod.json
  git show main:.aiwg/daemon.json | aiwg config check -";

pub(crate) const SCHEMA: &str = "Examples:
  aiwg schema openrpc | jq -r '.methods[].name'
  aiwg schema events > asyncapi.json";

pub(crate) const GENERATE: &str = "Examples:
  aiwg generate ts
  aiwg generate python --out scripts
  aiwg generate rust --out src --check";

pub(crate) const MCP: &str = "Examples:
  claude mcp add aiwg -- aiwg mcp
  aiwg mcp --tools read
  aiwg --project ~/shop mcp";

pub(crate) const OWN: &str = "Examples:
  aiwg self
  aiwg self --json | jq -r .upgrade";

pub(crate) const COMPLETIONS: &str = "Example:
  mkdir -p ~/.local/share/bash-completion/completions
  aiwg completions bash > ~/.local/share/bash-completion/completions/aiwg";

pub(crate) const MAN: &str = "Example:
  aiwg man ~/.local/share/man/man1";

#[cfg(test)]
mod tests {
    #[test]
    fn the_last_part_fits() {
        let text = super::overall();
        assert!(text.lines().all(|line| line.len() < 80), "{text}");
    }
}
