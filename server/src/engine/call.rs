//! Commands: what is to be done in the next transaction, each a closure over it.
//!
//! A command is spelled in two places: the method of the [`Transaction`] that does it, and the method of the
//! [`super::Engine`] that sends it. It is kept until its transaction is committed, and carried out again where that has
//! failed: so its closure borrows what it brings, and is called as often as need be. Its answer stays with it meanwhile.

use aiwg_model::CallKey;
use tokio::sync::oneshot;

use super::{
    command::EngineError,
    once::{Earlier, Kept, Keyed},
    state::State,
    transaction::{Failure, Look, Transaction},
    unstored::Unstored,
};

/// The kind of a command by its effect on the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// Brings something new, for which there must be room.
    Brings,
    /// Ends, forgets or changes what there is.
    Changes,
    /// Changes nothing.
    Reads,
}

type Done<R> = Result<R, EngineError>;
type Fallback<R> = Box<dyn Fn(&mut Unstored<'_>) -> Option<R> + Send>;

type Change<R> = Box<dyn Fn(&mut Transaction<'_>) -> Result<R, Failure> + Send>;
type Read<R> = Box<dyn Fn(&Look<'_>) -> Result<R, Failure> + Send>;

/// The closure of a command, which may be called several times.
enum Body<R> {
    Change(Change<R>),
    Read(Read<R>),
}

/// A command before it is sent.
pub(super) struct Call<R> {
    nature: Nature,
    text: usize,
    body: Body<R>,
    at_end: Option<fn(&State, &mut R)>,
    keyed: Option<Keyed<R>>,
    without_store: Option<Fallback<R>>,
}

impl<R: Send + 'static> Call<R> {
    /// Ends, forgets or changes what there is: it is not refused where there is no room.
    pub(super) fn changing<E: Into<Failure>>(
        body: impl Fn(&mut Transaction<'_>) -> Result<R, E> + Send + 'static,
    ) -> Self {
        Self {
            nature: Nature::Changes,
            text: 0,
            body: Body::Change(Box::new(move |tx| body(tx).map_err(Into::into))),
            at_end: None,
            keyed: None,
            without_store: None,
        }
    }

    /// Brings something new, which is refused where there is no room for it.
    pub(super) fn bringing<E: Into<Failure>>(
        body: impl Fn(&mut Transaction<'_>) -> Result<R, E> + Send + 'static,
    ) -> Self {
        Self { nature: Nature::Brings, ..Self::changing(body) }
    }

    /// Changes nothing: it is answered before all that does, and needs no transaction.
    pub(super) fn reading<E: Into<Failure>>(
        look: impl Fn(&Look<'_>) -> Result<R, E> + Send + 'static,
    ) -> Self {
        Self {
            nature: Nature::Reads,
            text: 0,
            body: Body::Read(Box::new(move |at| look(at).map_err(Into::into))),
            at_end: None,
            keyed: None,
            without_store: None,
        }
    }

    /// About how much text it brings, in bytes; 0 by default.
    pub(super) fn with_text(self, bytes: usize) -> Self {
        Self { text: bytes, ..self }
    }

    /// Completes the answer by what is known only at the end of the whole transaction.
    pub(super) fn at_end(self, complete: fn(&State, &mut R)) -> Self {
        Self { at_end: Some(complete), ..self }
    }

    /// Takes effect once, however often it is sent with this key, if one is given.
    pub(super) fn once(self, key: Option<CallKey>) -> Self
    where
        R: Kept,
    {
        Self { keyed: key.map(Keyed::new), ..self }
    }

    /// Carries out as much as is possible where the store cannot be written; `fallback` returns none if that is
    /// nothing.
    pub(super) fn without_store(
        self,
        fallback: impl Fn(&mut Unstored<'_>) -> Option<R> + Send + 'static,
    ) -> Self {
        Self { without_store: Some(Box::new(fallback)), ..self }
    }

    /// The command, and where its answer will be.
    pub(super) fn into_command(self) -> (Command, oneshot::Receiver<Done<R>>) {
        let (reply, answer) = oneshot::channel();
        let (nature, text) = (self.nature, self.text);
        (
            Command {
                nature,
                text,
                work: Box::new(Sent { call: self, answer: None, is_complete: false, reply }),
            },
            answer,
        )
    }
}

/// A command that has been sent.
pub(super) struct Command {
    nature: Nature,
    text: usize,
    work: Box<dyn Work>,
}

impl Command {
    /// About how much text it brings, in bytes.
    pub(super) fn text(&self) -> usize {
        self.text
    }

    /// True if it brings something new, for which there must be room.
    pub(super) fn brings_more(&self) -> bool {
        self.nature == Nature::Brings
    }

    /// True if it changes nothing.
    pub(super) fn changes_nothing(&self) -> bool {
        self.nature == Nature::Reads
    }

    /// Carries it out, and all that it leads to. Its answer waits for the commit.
    ///
    /// # Errors
    /// The store's: the transaction is to be rolled back.
    pub(super) fn carry_out(&mut self, tx: &mut Transaction<'_>) -> aiwg_store::Result<()> {
        self.work.carry_out(tx)?;
        tx.take_new_events()
    }

    /// Completes its answer at the end of the transaction.
    ///
    /// # Errors
    /// The store's: the transaction is to be rolled back.
    pub(super) fn complete(&mut self, tx: &mut Transaction<'_>) -> aiwg_store::Result<()> {
        self.work.complete(tx)
    }

    /// Carries it out by what is committed, if it changes nothing. False if it does, and nothing was done.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn read(&mut self, look: &Look<'_>) -> aiwg_store::Result<bool> {
        self.work.read(look)
    }

    /// Carries out as much as is possible without the store. True if nothing else remains: then it is to be answered.
    pub(super) fn without_store(&mut self, unstored: &mut Unstored<'_>) -> bool {
        self.work.without_store(unstored)
    }

    /// Gives its answer, once it is committed.
    pub(super) fn answer(self) {
        self.work.answer();
    }

    /// Answers that it took no effect.
    pub(super) fn refuse(self, why: EngineError) {
        self.work.refuse(why);
    }
}

/// A command, whatever it answers.
trait Work: Send {
    fn carry_out(&mut self, tx: &mut Transaction<'_>) -> aiwg_store::Result<()>;
    fn complete(&mut self, tx: &mut Transaction<'_>) -> aiwg_store::Result<()>;
    fn read(&mut self, look: &Look<'_>) -> aiwg_store::Result<bool>;
    fn without_store(&mut self, unstored: &mut Unstored<'_>) -> bool;
    fn answer(self: Box<Self>);
    fn refuse(self: Box<Self>, why: EngineError);
}

struct Sent<R> {
    call: Call<R>,
    /// The result of the last call of the body.
    answer: Option<Done<R>>,
    /// True if nothing is to be added to the answer at the end of the transaction: it is that of an earlier one.
    is_complete: bool,
    reply: oneshot::Sender<Done<R>>,
}

impl<R> Sent<R> {
    /// Keeps the answer until it is committed.
    fn keep(&mut self, done: Result<R, Failure>) -> aiwg_store::Result<()> {
        let (answer, fatal) = match done {
            Ok(value) => (Ok(value), Ok(())),
            Err(Failure::Refused(error)) => (Err(error), Ok(())),
            Err(Failure::Store(error)) => (Err(EngineError::Storage(error.to_string().into())), Err(error)),
        };
        self.answer = Some(answer);
        fatal
    }
}

impl<R: Send> Work for Sent<R> {
    fn carry_out(&mut self, tx: &mut Transaction<'_>) -> aiwg_store::Result<()> {
        self.is_complete = false;
        let done = match &self.call.body {
            Body::Change(body) => match &self.call.keyed {
                None => body(tx),
                Some(keyed) => once(tx, keyed, body, &mut self.is_complete),
            },
            Body::Read(look) => look(&tx.look()),
        };
        self.keep(done)
    }

    fn complete(&mut self, tx: &mut Transaction<'_>) -> aiwg_store::Result<()> {
        let (Some(at_end), Some(Ok(answer)), false) = (self.call.at_end, &mut self.answer, self.is_complete)
        else {
            return Ok(());
        };
        at_end(tx.state, answer);
        if let Some(keyed) = &self.call.keyed {
            keyed.keep(tx, answer);
        }
        Ok(())
    }

    fn read(&mut self, look: &Look<'_>) -> aiwg_store::Result<bool> {
        let Body::Read(read) = &self.call.body else { return Ok(false) };
        let done = read(look);
        self.keep(done).map(|()| true)
    }

    fn without_store(&mut self, unstored: &mut Unstored<'_>) -> bool {
        let Some(done) = self.call.without_store.as_ref().and_then(|fallback| fallback(unstored)) else {
            return false;
        };
        self.answer = Some(Ok(done));
        true
    }

    fn answer(mut self: Box<Self>) {
        let Some(answer) = self.answer.take() else { return };
        // Whoever asked may have gone.
        let _ = self.reply.send(answer);
    }

    fn refuse(self: Box<Self>, why: EngineError) {
        let _ = self.reply.send(Err(why));
    }
}

/// Carries a call with a key out, unless the key has an answer.
fn once<R>(
    tx: &mut Transaction<'_>,
    keyed: &Keyed<R>,
    body: &Change<R>,
    is_complete: &mut bool,
) -> Result<R, Failure> {
    match keyed.earlier(tx)? {
        Earlier::Committed(answer) => {
            *is_complete = true;
            Ok(answer)
        }
        Earlier::Open(answer) => Ok(answer),
        Earlier::None => {
            let answer = body(tx)?;
            keyed.keep(tx, &answer);
            Ok(answer)
        }
    }
}
