//! `automation.test`: a dry run of the rules for an event. Its result must be that of the real event.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use aiwg_model::names::reserved;
use aiwg_protocol::{
    ApiError, ErrorKind,
    config::Rule,
    types::{
        AutomationTestParams, AutomationTested, Event, EventSource, FileEvent, Json, MatchOutcome,
        RuleTested, Timestamp,
    },
};
use aiwg_watch::{Kind, Verdict, within};

use super::{check, schedule};
use crate::{
    api::{Api, Handler},
    components::scheduler::{Scheduled, event_of},
    components::watcher::options,
    engine::NewEvent,
    rules::{Decision, cannot_occur, task_of, template},
};

pub(crate) async fn automation_test(
    handler: &Handler,
    params: AutomationTestParams,
) -> Result<AutomationTested, ApiError> {
    let _place = handler.matching.acquire().await;
    let api = Arc::clone(&handler.api);
    let DryRun { event, file, no_event, notice } = apart(move || dry_run(&api, params)).await??;
    let decided = handler.context.engine.dry_run(event.clone()).await?;
    let tested = apart(move || {
        let tested = |(rule, decision): (Rule, Decision)| tested(&rule, decision, &event, no_event.as_ref());
        let rules = template::on_known_stack(|| decided.into_iter().map(tested).collect());
        let rules = rules.map_err(|error| ApiError::new(ErrorKind::InternalError, error.to_string()))?;
        Ok::<_, ApiError>(AutomationTested { topic: event.topic, file, notice: no_event.or(notice), rules })
    });
    handler.keep(tested.await??).await
}

/// Runs work that looks at files, or takes its time, away from the connections' thread.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let failed = |error: tokio::task::JoinError| ApiError::new(ErrorKind::InternalError, error.to_string());
    tokio::task::spawn_blocking(work).await.map_err(failed)
}

/// An event for a dry run.
struct DryRun {
    /// The event, which is not stored.
    event: Event,
    /// The file that changed, relative to the project.
    file: Option<String>,
    /// The reason for which there would be no such event.
    no_event: Option<String>,
    notice: Option<String>,
}

fn dry_run(api: &Api, params: AutomationTestParams) -> Result<DryRun, ApiError> {
    let context = &api.context;
    let AutomationTestParams { topic, payload, file, schedule } = params;
    match (topic, file, schedule) {
        (Some(topic), None, None) => {
            check::topic_as_such(&topic)?;
            let payload = payload.unwrap_or_default();
            let loaded = context.settings.get();
            check::payload("payload", &payload, &loaded.config.daemon)?;
            let refused = || {
                let is_own = reserved(&topic).is_some();
                let refused = loaded.may_be_emitted(&topic, &payload).err().filter(|_| !is_own);
                refused.map(|refused| refused.message)
            };
            let no_event = cannot_occur(&topic, &loaded.config).or_else(refused);
            Ok(DryRun {
                event: event(topic, payload, EventSource::Client),
                file: None,
                no_event,
                notice: None,
            })
        }
        (None, Some(file), None) => {
            check::path("file", &file)?;
            of_file(api, &file)
        }
        (None, None, Some(job)) => {
            check::name("schedule", &job)?;
            let job = schedule::job(&context.settings.get(), &job)?;
            let NewEvent { topic, payload, source, .. } = event_of(&job, Timestamp::now(), false, None);
            Ok(DryRun {
                event: event(topic, payload, source),
                file: None,
                no_event: None,
                notice: notice(&job),
            })
        }
        _ => {
            let message = "give exactly one of the members \"topic\", \"file\" and \"schedule\"";
            Err(ApiError::invalid_member("topic", message))
        }
    }
}

fn event(topic: String, payload: Json, source: EventSource) -> Event {
    Event { seq: 0, topic, payload, source, at: Timestamp::now(), caused_by: None, traceparent: None }
}

fn of_file(api: &Api, given: &str) -> Result<DryRun, ApiError> {
    let path = in_project(api.context.project.root(), given)?;
    let file = FileEvent { path: path.display().to_string(), ..FileEvent::default() };
    let payload = Json::new(&file).unwrap_or_default();
    Ok(DryRun {
        event: event("file:modified".to_owned(), payload, EventSource::FileWatcher),
        no_event: unwatched(api, &path)?,
        file: Some(file.path),
        notice: None,
    })
}

/// A file's path, relative to the project.
fn in_project(root: &Path, given: &str) -> Result<PathBuf, ApiError> {
    let wrong = |what: &str| {
        let message =
            format!("the member \"file\" must name a file in the project {}: {what}", root.display());
        ApiError::invalid_member("file", message)
    };
    if given.is_empty() {
        return Err(wrong("it is empty"));
    }
    let path = within(root, given.as_ref())
        // It may lead there by symbolic links.
        .or_else(|_| within(root, &resolved(given.as_ref())))
        .map_err(|_| wrong(&format!("{given:?} is outside of it")))?;
    if path.is_dir() {
        return Err(wrong(&format!("{given:?} is a directory")));
    }
    Ok(path.strip_prefix(root).map(Path::to_owned).unwrap_or(path))
}

/// The path with the symbolic links resolved in as much of it as exists.
fn resolved(path: &Path) -> PathBuf {
    let there = path
        .ancestors()
        .find_map(|ancestor| Some(ancestor.canonicalize().ok()?.join(path.strip_prefix(ancestor).ok()?)));
    there.unwrap_or_else(|| path.to_owned())
}

/// The reason for which a change of this file would be no event; none if it would be one.
fn unwatched(api: &Api, path: &Path) -> Result<Option<String>, ApiError> {
    let context = &api.context;
    let config = &context.settings.get().config;
    if !config.watches_files() {
        return Ok(Some(match config.watch.enabled {
            Some(_) => "files are not watched: \"watch.enabled\" is false".to_owned(),
            None => "files are not watched, since no rule waits for their changes".to_owned(),
        }));
    }
    let why = match options(context.project.root(), config).verdict(path, Kind::Modified) {
        Ok(Verdict::Reported) if api.watcher.watch_status().enabled => return Ok(None),
        Ok(Verdict::Reported) => {
            return Ok(Some("files are not watched: `aiwg daemon status` says why".to_owned()));
        }
        Ok(Verdict::NotAsked) => "it is in none of \"watch.paths\"".to_owned(),
        Ok(Verdict::Ignored) => "\"watch.ignore\", a .gitignore or its kin ignore it".to_owned(),
        Ok(Verdict::OtherWorkTree) => {
            "it lies in another work tree of the repository, see \"watch.work_trees\"".to_owned()
        }
        Ok(Verdict::BehindLink) => {
            "it lies behind a symbolic link, and links are not followed. Name it by where it really is"
                .to_owned()
        }
        Ok(Verdict::NotWanted) => {
            "its entry in \"watch.paths\" is not for files with this ending, or not for modified ones"
                .to_owned()
        }
        Err(error) => error.to_string(),
    };
    Ok(Some(format!("{} is not watched: {why}", path.display())))
}

/// The facts about a job that the results of its rules do not show.
fn notice(job: &Scheduled) -> Option<String> {
    let name = &job.name;
    let by_itself = || format!("{name:?} does not fire by itself: \"schedule.enabled\" switches it on");
    let parts = [
        job.built_in.map(|built_in| {
            format!("{name:?} makes no task: the daemon itself carries out {}", built_in.what())
        }),
        (!job.is_on).then(by_itself),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn tested(rule: &Rule, decision: Decision, event: &Event, no_event: Option<&String>) -> RuleTested {
    let (task, unusable) = task_of(rule, std::slice::from_ref(event), 1, event.at);
    let prompt = unusable.is_none().then_some(task.prompt);
    let (outcome, reason) = match (no_event, decision, unusable) {
        (Some(why), _, _) => (MatchOutcome::Refuse, Some(why.clone())),
        (_, Decision::Refuse(why), _) => (MatchOutcome::Refuse, Some(why.why(&rule.id))),
        (_, Decision::Trip, _) => (MatchOutcome::Trip, Some("the rule has fired too often".to_owned())),
        (_, _, Some(why)) => (MatchOutcome::Fail, Some(why.to_string())),
        (_, Decision::Fire, None) => (MatchOutcome::Fire, None),
        (_, Decision::Debounce { .. }, None) => (MatchOutcome::Debounce, None),
        (_, Decision::Coalesce, None) => (MatchOutcome::Coalesce, None),
    };
    RuleTested { rule: rule.id.clone(), outcome, prompt, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_one_of_the_project() {
        let outer = tempfile::tempdir().unwrap();
        let outer = outer.path().canonicalize().unwrap();
        let root = outer.join("project");
        std::fs::create_dir_all(root.join("src")).unwrap();
        std::os::unix::fs::symlink(&root, outer.join("link")).unwrap();
        let path = |given: &str| in_project(&root, given);
        let absolute = |rest: &str| outer.join(rest).display().to_string();
        for given in [
            "src/a.ts",
            "./src//a.ts",
            "x/../src/a.ts",
            &absolute("project/src/a.ts"),
            &absolute("link/src/a.ts"),
        ] {
            assert_eq!(path(given).unwrap(), Path::new("src/a.ts"), "{given}");
        }
        for given in ["", ".", "src/", "../a.ts", "/etc/passwd", &absolute("projects/a.ts")] {
            assert!(path(given).unwrap_err().message.contains("in the project"), "{given}");
        }
    }
}
