//! The metrics by their names: `docs/telemetry.md` has them as a table, and tests find them here.

use aiwg_protocol::types::{BudgetBound, DaemonStatus, Health, Timestamp};
use aiwg_store::own_name;

use super::{gather::Gathered, process::Process};
use crate::telemetry::{Counts, Family, Point, Series, SpanCounts};

/// Maximum number of tripped rules that have a series.
const MOST_TRIPPED: usize = 100;

/// All of them.
pub(super) fn of(gathered: &Gathered) -> Vec<Family> {
    let since = seconds(gathered.status.started_at);
    let mut all = daemon(gathered);
    all.extend(queue(gathered));
    all.extend(counted(&gathered.counts).map(|family| family.since(since)));
    all.extend(money(gathered));
    all.extend(parts(&gathered.status, since));
    all.extend(process(gathered.process, since));
    all.extend(spans(gathered.spans).map(|family| family.since(since)));
    all
}

fn daemon(gathered: &Gathered) -> Vec<Family> {
    let status = &gathered.status;
    let issues = status.issues.iter().map(|issue| Point::of([("kind", &issue.kind)], 1.0)).collect();
    let version = [("version", status.version.as_str()), ("protocol", status.protocol_version.as_str())];
    vec![
        Family::info(
            "aiwg_build",
            "The daemon's version, and that of its protocol.",
            Point::of(version, 1.0),
        ),
        Family::one(
            "aiwg_up",
            "1 while the daemon runs; 0 in the file that it leaves when it ends.",
            switch(!status.stopped),
        ),
        Family::one("aiwg_time_seconds", "Time at which these numbers were read.", seconds(Timestamp::now())),
        Family::one("aiwg_start_time_seconds", "Time of the daemon's start.", seconds(status.started_at)),
        Family::counter(
            "aiwg_starts",
            "Starts of the project's daemons, restarts in place among them.",
            vec![Point::counted([], gathered.counts.starts)],
        ),
        Family::one("aiwg_healthy", "1 if nothing needs a person.", switch(status.health == Health::Healthy)),
        Family::gauge("aiwg_health_issues", "1 for each issue of the health.", issues),
        Family::number(
            "aiwg_connections",
            "Clients that are connected to the socket.",
            status.subsystems.ipc.clients.into(),
        ),
        Family::number(
            "aiwg_store_bytes",
            "Size of the database, without the free space in it.",
            gathered.store_bytes,
        ),
    ]
}

fn queue(gathered: &Gathered) -> Vec<Family> {
    let supervisor = &gathered.status.subsystems.supervisor;
    let mut queued = Series::<2>::default();
    gathered.queued.iter().for_each(|(lane, why, count)| queued.add([lane, why], *count));
    let mut running = Series::<1>::default();
    gathered.running.iter().for_each(|lane| running.add([lane], 1));
    vec![
        Family::number("aiwg_slots", "Agents that may run at once.", supervisor.max_concurrency.into()),
        Family::gauge(
            "aiwg_queued_tasks",
            "Queued tasks, by lane and by what they wait for.",
            or_zero(labelled(["lane", "waiting"], &queued)),
        ),
        Family::gauge("aiwg_running_tasks", "Running tasks, by lane.", or_zero(labelled(["lane"], &running))),
        Family::one(
            "aiwg_queue_paused",
            "1 while nothing is started, since the queue is paused or drains.",
            switch(supervisor.paused_since.is_some()),
        ),
        Family::counter(
            "aiwg_task_ends",
            "Tasks that have ended, by end reason.",
            gathered
                .ends
                .iter()
                .map(|(reason, count)| Point::counted([("reason", reason)], *count))
                .collect(),
        ),
        Family::number(
            "aiwg_approvals_pending",
            "Approvals, permissions and answers that wait for a person.",
            gathered.status.subsystems.approvals.pending,
        ),
    ]
}

/// What the engine has counted.
fn counted(counts: &Counts) -> impl Iterator<Item = Family> {
    [
        Family::histogram(
            "aiwg_queue_wait_seconds",
            "Time from a task's submission to its first start, holds included.",
            &counts.queue_waits,
        ),
        Family::histogram("aiwg_run_seconds", "Time that a run of an agent took.", &counts.runs),
        Family::histogram("aiwg_check_seconds", "Time that a run of a check took.", &counts.checks),
        Family::counter(
            "aiwg_run_ends",
            "Runs that have ended, by kind and end reason.",
            labelled(["kind", "reason"], &counts.run_ends),
        ),
        Family::counter(
            "aiwg_rule_task_ends",
            "Tasks of rules that have ended, by rule and final state.",
            labelled(["rule", "state"], &counts.task_ends),
        ),
        Family::counter(
            "aiwg_events",
            "Events, by the first part of their topics.",
            labelled(["topic"], &counts.events),
        ),
        Family::counter(
            "aiwg_rule_firings",
            "Firings: matches that have become a task, by rule.",
            labelled(["rule"], &counts.firings),
        ),
        Family::counter(
            "aiwg_rule_refusals",
            "Matches that came to nothing, by rule and reason.",
            labelled(["rule", "reason"], &counts.refusals),
        ),
        Family::histogram(
            "aiwg_commit_seconds",
            "Time that a commit took which wrote something.",
            &counts.commits,
        ),
        Family::counter(
            "aiwg_commands",
            "Commands that the engine has carried out.",
            vec![Point::counted([], counts.commands)],
        ),
        Family::counter(
            "aiwg_messages_sent",
            "Messages to platforms that were sent.",
            labelled(["platform"], &counts.messages_sent),
        ),
        Family::counter(
            "aiwg_messages_failed",
            "Messages to platforms that cannot be sent.",
            labelled(["platform"], &counts.messages_failed),
        ),
    ]
    .into_iter()
}

fn money(gathered: &Gathered) -> Vec<Family> {
    let (mut cost, mut tokens) = (Vec::new(), Vec::new());
    for sum in &gathered.sums {
        let [rule, agent] = [&sum.rule, &sum.agent].map(|name| name.as_deref().unwrap_or_default());
        cost.push(Point::of([("rule", rule), ("agent", agent)], sum.usage.cost_usd));
        let usage = &sum.usage;
        for (kind, count) in [
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
            ("cache_read", usage.cache_read_tokens),
            ("cache_creation", usage.cache_creation_tokens),
        ] {
            tokens.push(Point::counted([("rule", rule), ("agent", agent), ("type", kind)], count));
        }
    }
    let bounds = |amount: fn(&BudgetBound) -> f64| {
        let point = |bound: &BudgetBound| {
            let rule = own_name(bound.rule.as_deref().unwrap_or_default());
            Point::of([("span", bound.span.name()), ("rule", &rule)], amount(bound))
        };
        gathered.bounds.iter().map(point).collect()
    };
    vec![
        Family::counter("aiwg_cost_usd", "What agents have cost, by rule and agent, in US dollars.", cost),
        Family::counter("aiwg_tokens", "Tokens that agents have used, by rule, agent and type.", tokens),
        Family::gauge(
            "aiwg_budget_limit_usd",
            "The most that may be spent within a bound, in US dollars.",
            bounds(|bound| bound.limit_usd),
        ),
        Family::gauge(
            "aiwg_budget_spent_usd",
            "Spent within a bound so far, in US dollars.",
            bounds(|bound| bound.spent_usd),
        ),
        Family::gauge(
            "aiwg_budget_reserved_usd",
            "Set aside within a bound for running tasks, in US dollars.",
            bounds(|bound| bound.reserved_usd),
        ),
        Family::gauge(
            "aiwg_rule_tripped",
            "1 for each rule that has tripped.",
            gathered
                .tripped
                .iter()
                .take(MOST_TRIPPED)
                .map(|rule| Point::of([("rule", &own_name(rule))], 1.0))
                .collect(),
        ),
        Family::gauge(
            "aiwg_messages_waiting",
            "Messages to platforms that wait, or are being sent.",
            gathered
                .messages
                .iter()
                .map(|(name, count)| Point::counted([("platform", name)], *count))
                .collect(),
        ),
    ]
}

/// What the daemon's parts count.
fn parts(status: &DaemonStatus, since: f64) -> Vec<Family> {
    let watcher = &status.subsystems.file_watcher;
    let sources = status.subsystems.webhooks.iter().flat_map(|webhooks| &webhooks.sources);
    let deliveries = sources.flat_map(|source| {
        let of = |result, count| Point::counted([("path", &source.path), ("result", result)], count);
        [of("accepted", source.accepted), of("refused", source.refused)]
    });
    vec![
        Family::one(
            "aiwg_automation_enabled",
            "1 if automation as a whole is switched on.",
            switch(status.subsystems.automation.enabled),
        ),
        Family::number("aiwg_watched_directories", "Directories that are watched.", watcher.directories),
        Family::number("aiwg_watched_files", "Files in watched directories.", watcher.files),
        Family::counter(
            "aiwg_file_changes",
            "Changes of files that were reported.",
            vec![Point::counted([], watcher.events_received)],
        )
        .since(since),
        Family::counter(
            "aiwg_watch_overflows",
            "Times that the system lost changes of files, after which everything was scanned again.",
            vec![Point::counted([], watcher.overflows)],
        )
        .since(since),
        Family::counter(
            "aiwg_webhook_deliveries",
            "Requests to webhooks, by path and by what has become of them.",
            deliveries.collect(),
        )
        .since(since),
    ]
}

fn spans(spans: SpanCounts) -> impl Iterator<Item = Family> {
    let dropped = |why, count| Point::counted([("reason", why)], count);
    [
        Family::counter(
            "aiwg_telemetry_spans",
            "Spans that the collector of traces has taken.",
            vec![Point::counted([], spans.sent)],
        ),
        Family::counter(
            "aiwg_telemetry_dropped",
            "Spans that were dropped: there was no room for them, or the collector would not take them.",
            vec![dropped("full", spans.full), dropped("refused", spans.failed)],
        ),
    ]
    .into_iter()
}

fn process(process: Process, since: f64) -> Vec<Family> {
    let known = |count: Option<u64>| count.map(|count| Point::counted([], count)).into_iter().collect();
    vec![
        Family::counter(
            "aiwg_process_cpu_seconds",
            "Time that the daemon's process has computed, without its agents.",
            vec![Point::of([], process.cpu_seconds)],
        )
        .since(since),
        Family::gauge(
            "aiwg_process_resident_memory_bytes",
            "Memory that the daemon's process holds.",
            known(process.resident_bytes),
        ),
        Family::gauge(
            "aiwg_process_open_files",
            "Files that the daemon's process has open.",
            known(process.open_files),
        ),
    ]
}

/// Seconds since 1970.
fn seconds(at: Timestamp) -> f64 {
    at.as_millis() as f64 / 1000.0
}

fn switch(is_on: bool) -> f64 {
    f64::from(u8::from(is_on))
}

fn labelled<const N: usize, const OPEN: usize>(
    names: [&'static str; N],
    series: &Series<N, OPEN>,
) -> Vec<Point> {
    let point = |(texts, count): ([&str; N], u64)| {
        let mut labels = names.map(|name| (name, ""));
        labels.iter_mut().zip(texts).for_each(|(label, text)| label.1 = text);
        Point::counted(labels, count)
    };
    series.iter().map(point).collect()
}

/// A 0 where there is nothing: a queue that is empty is no queue of which nothing is known.
fn or_zero(points: Vec<Point>) -> Vec<Point> {
    if points.is_empty() { vec![Point::counted([], 0)] } else { points }
}
