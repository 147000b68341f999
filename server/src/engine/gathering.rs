//! The state of changes that are gathering and not yet published: their source says so, the engine's timer listens.
//!
//! A source of events may hold back changes for a moment, so that those that belong together come together. Matches of rules wait for them. The
//! source publishes whenever that changes; and since changes may be on their way to it, it is asked once before anything fires. The engine knows
//! no source by its name.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{error::Elapsed, timeout},
};

/// Longest wait for an answer: its source may just be publishing much.
const LONGEST_ANSWER: Duration = Duration::from_secs(15);

/// Changes that a source gathers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Gathering {
    /// True if there are any.
    pub(crate) is_open: bool,
    /// True if they are held back for long, and all that comes of earlier ones: by a git operation, say.
    pub(crate) is_held_back: bool,
    /// Number of times that changes were published so far.
    pub(crate) published: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    gathering: Gathering,
    /// The last question that it answers.
    answers: u64,
    /// Number of times that changes were announced, and that number when the source was looked at for the answer.
    changes: u64,
    changes_seen: u64,
}

/// The end of a source that gathers changes.
#[derive(Debug)]
pub(crate) struct Gatherer {
    questions: watch::Receiver<u64>,
    known: watch::Sender<Known>,
}

/// The end of the engine's timer.
#[derive(Debug)]
pub(crate) struct Gathered {
    questions: watch::Sender<u64>,
    known: watch::Receiver<Known>,
}

/// Both ends. Without a source nothing gathers.
pub(crate) fn gathering() -> (Gatherer, Gathered) {
    let (ask, questions) = watch::channel(0);
    let (publish, known) = watch::channel(Known::default());
    (Gatherer { questions, known: publish }, Gathered { questions: ask, known })
}

impl Gatherer {
    /// Says that what gathers may have changed.
    pub(crate) fn changed(&self) {
        self.known.send_modify(|known| known.changes += 1);
    }

    /// Answers each question, until nobody asks any more. `look` may wait for the source.
    pub(crate) async fn answer<F: Future<Output = Gathering>>(&self, look: impl Fn() -> F) {
        let mut questions = self.questions.clone();
        while questions.changed().await.is_ok() {
            let answers = *questions.borrow_and_update();
            let changes_seen = self.known.borrow().changes;
            let gathering = look().await;
            self.known.send_modify(|known| {
                *known = Known { gathering, answers, changes_seen, changes: known.changes }
            });
        }
    }
}

impl Gathered {
    /// The changes that gather now, including all that were there before the question.
    pub(super) async fn ask(&mut self) -> Gathering {
        let mut question = 0;
        self.questions.send_modify(|last| {
            *last += 1;
            question = *last;
        });
        let answered = self.known.wait_for(|known| known.answers >= question);
        match timeout(LONGEST_ANSWER, answered).await.map(|known| known.map(|known| known.gathering)) {
            Ok(Ok(gathering)) => gathering,
            // Its source has gone.
            Ok(Err(_)) => Gathering::default(),
            // The source is at something else: what it said last holds.
            Err(Elapsed { .. }) => self.known.borrow().gathering,
        }
    }

    /// Returns when what gathers may have changed since the last answer.
    pub(super) async fn changed(&mut self) {
        if self.known.wait_for(|known| known.changes != known.changes_seen).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn a_question_is_answered_by_what_is_so_after_it() {
        let (gatherer, mut gathered) = gathering();
        let gatherer = Arc::new(gatherer);
        let is_open = Arc::new(AtomicBool::new(true));
        let answering = tokio::spawn({
            let (gatherer, is_open) = (Arc::clone(&gatherer), Arc::clone(&is_open));
            async move {
                let look = || async {
                    Gathering { is_open: is_open.load(Ordering::SeqCst), ..Gathering::default() }
                };
                gatherer.answer(look).await;
            }
        });
        assert!(gathered.ask().await.is_open);
        is_open.store(false, Ordering::SeqCst);
        gatherer.changed();
        gathered.changed().await;
        assert!(!gathered.ask().await.is_open);
        drop(gathered);
        answering.await.unwrap();
    }

    #[tokio::test]
    async fn without_a_source_nothing_gathers() {
        let (gatherer, mut gathered) = gathering();
        drop(gatherer);
        assert_eq!(gathered.ask().await, Gathering::default());
    }
}
