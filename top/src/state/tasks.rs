//! Tasks, as they come, and pages of what is older.

use std::collections::HashSet;

use aiwg_client::types::{Task, TaskState};

use crate::{
    message::{Effect, Key, PAGE, Part, ProjectNo, Reason},
    state::{Project, Row, State, View},
};

/// Maximum number of tasks that are asked for one by one, at once.
const MOST_ASKED: usize = 50;

impl State {
    pub(super) fn take_tasks(&mut self, no: ProjectNo, reason: Reason, tasks: Vec<Task>) -> Vec<Effect> {
        let rows: Vec<Row> = tasks.iter().filter_map(|task| Row::of(no, task)).collect();
        let keys: HashSet<Key> = rows.iter().map(|row| row.key).collect();
        let is_whole = tasks.len() < PAGE as usize;
        rows.into_iter().for_each(|row| self.put(row));
        self.list.is_stale = true;
        match reason {
            Reason::Part(Part::Running) if is_whole => self.others_in(no, TaskState::Running, &keys),
            Reason::Part(Part::Queued) if is_whole => self.others_in(no, TaskState::Queued, &keys),
            Reason::Part(Part::Newest) => {
                self.with_project(no, |project| newest_came(project, &tasks));
                Vec::new()
            }
            Reason::Older => {
                self.with_project(no, |project| older_came(project, &tasks));
                self.go_on_to_end()
            }
            _ => Vec::new(),
        }
    }

    /// Takes a task in. What has ended has, unless it is another task: of a store that was begun anew.
    fn put(&mut self, row: Row) {
        let is_over = self.tasks.get(&row.key).is_some_and(|old| {
            old.created_at == row.created_at && old.state.is_final() && !row.state.is_final()
        });
        if !is_over {
            self.tasks.insert(row.key, row);
        }
    }

    /// Asks for those that are no longer in a state which they were in.
    fn others_in(&self, no: ProjectNo, state: TaskState, listed: &HashSet<Key>) -> Vec<Effect> {
        let range = Key { project: no, number: 0 }..=Key { project: no, number: u64::MAX };
        let others = self.tasks.range(range).filter(|(key, row)| row.state == state && !listed.contains(key));
        others.take(MOST_ASKED).map(|(key, _)| Effect::LoadTask(*key)).collect()
    }

    /// Goes on to the last one, where that is wanted and more has come.
    pub(super) fn go_on_to_end(&mut self) -> Vec<Effect> {
        if !self.list.is_to_end {
            return Vec::new();
        }
        self.settle();
        self.list.step(isize::MAX);
        self.list.is_to_end = self.may_have_more();
        if self.list.is_to_end { self.load_older() } else { Vec::new() }
    }

    /// True if there may be more than is listed: older tasks, or events, that are not known yet.
    pub(crate) fn may_have_more(&self) -> bool {
        let view = self.list.view;
        if view == View::Events {
            return self.projects.iter().any(|project| project.has_older_events);
        }
        let may_have_more = |(no, project): (usize, &Project)| {
            let Some(overview) = &project.overview else { return project.has_older };
            let range = Key { project: no, number: 0 }..=Key { project: no, number: u64::MAX };
            let known = self.tasks.range(range).filter(|(_, row)| view.has(row.state)).count() as u64;
            let ended = overview.total.saturating_sub(overview.queued + u64::from(overview.running));
            let all = match view {
                View::Waiting => overview.queued,
                View::Ended => ended,
                _ => overview.total,
            };
            project.has_older && known < all
        };
        view.has_pages() && self.projects.iter().enumerate().any(may_have_more)
    }

    /// Asks for the next page of what is older, where the end of what is known comes into sight.
    pub(super) fn load_older(&mut self) -> Vec<Effect> {
        if !self.list.is_near_end() || !self.list.view.has_pages() {
            return Vec::new();
        }
        if self.list.view == View::Events {
            return self.load_events();
        }
        let mut effects = Vec::new();
        for (no, project) in self.projects.iter_mut().enumerate() {
            let Some(oldest) = &project.oldest else { continue };
            if project.has_older && !project.is_loading && project.is_up() {
                project.is_loading = true;
                effects.push(Effect::LoadOlder(no, oldest.clone()));
            }
        }
        effects
    }
}

/// The newest page has come: it joins those that are known, or they are begun anew.
fn newest_came(project: &mut Project, tasks: &[Task]) {
    let number = |task: &Task| Key::of(0, &task.id).map_or(0, |key| key.number);
    let first = tasks.first().map_or(0, number);
    let last = tasks.last().map_or(0, number);
    let joins =
        project.oldest.is_some() && last <= project.newest.saturating_add(1) && first >= project.newest;
    project.newest = first;
    if !joins {
        project.oldest = tasks.last().map(|task| task.id.clone());
        project.has_older = !tasks.is_empty();
        project.is_loading = false;
    }
}

/// A page of older tasks has come.
fn older_came(project: &mut Project, tasks: &[Task]) {
    project.is_loading = false;
    if let Some(last) = tasks.last() {
        project.oldest = Some(last.id.clone());
    }
    // A page can have fewer tasks than asked for because they are long: only an empty one is the end.
    project.has_older = !tasks.is_empty();
}
