//! The one writer.

use std::{path::PathBuf, time::Duration};

use crate::{Result, StoreError, Transaction, View};

/// The store, as its one writer has it: a thread that owns it. Everybody else has a [`crate::Reader`].
pub trait Store: Send {
    /// Opens a transaction that sees and changes the store by itself: nobody else writes before it is over.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Busy`]: others write for longer than the store's patience. Or one that was dropped before could not be undone, and
    /// still cannot be.
    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>>;

    /// The committed state. It waits for nobody who writes.
    ///
    /// # Errors
    /// It cannot be read; or a transaction that was dropped could not be undone, and still cannot be.
    fn view(&mut self) -> Result<Box<dyn View + '_>>;

    /// Whoever has looked at the last [`Store::view`] has taken in all that it shows: where others write as well, they are heard of from there on. Without it a
    /// view alone tells nobody that there was something new. By default it does nothing.
    fn has_caught_up(&mut self) {}

    /// The id under which this process shares it with other hosts; none where nobody else can have it. Default: none.
    fn host(&self) -> Option<&str> {
        None
    }

    /// The place of the store, for people: a path, or an address without its password.
    fn place(&self) -> String;

    /// The files without which nothing in it counts any more; none where it is kept elsewhere.
    fn files(&self) -> Vec<PathBuf>;

    /// A sentence for people on an error of a transaction: what is the matter, and what to do about it.
    fn remedy(&self, error: &StoreError) -> String;

    /// Time for which others may lock the store before [`Store::begin`] fails. Default: 5 seconds.
    ///
    /// # Errors
    /// It cannot be set.
    fn set_patience(&mut self, patience: Duration) -> Result<()>;

    /// True if there is room for what is new. Where there is not, what is kept for the ends of running tasks is still there.
    fn has_room(&mut self) -> bool;

    /// Does the store's own maintenance, and returns soon. To be called between transactions, about once a second.
    fn look_after(&mut self, has_room: bool);

    /// Notes that damage was met: the next start reads all of it before it goes on.
    fn note_damage(&self);

    /// Makes it ready to be closed, which happens when it is dropped. Without room for what is new nothing is moved about.
    ///
    /// # Errors
    /// It stays as it is; the next start takes in all that was committed.
    fn close(&mut self, has_room: bool) -> Result<()>;
}
