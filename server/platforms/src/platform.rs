//! The client that each platform has.

use std::time::Duration;

use aiwg_messaging::{Place, Platform, part::Part, rights::PersonId, words::Form};
use futures::future::BoxFuture;

/// The longest time for which a platform is silent while all is well, unless its client says otherwise: heartbeats come more often.
const LONGEST_SILENCE: Duration = Duration::from_secs(300);

/// A client of a platform.
pub trait PlatformClient: Send + Sync {
    /// The platform.
    fn platform(&self) -> Platform;

    /// Asks who the bot is.
    fn account(&self) -> BoxFuture<'_, Result<Account, Trouble>>;

    /// Waits for what comes after this position; none for the first time. It is dropped when the daemon stops.
    fn receive<'a>(&'a self, position: Option<&'a str>) -> BoxFuture<'a, Result<Vec<Received>, Trouble>>;

    /// True while the line stands: the platform has let the bot in, and nothing has ended that since. It is asked at any time.
    fn is_open(&self) -> bool;

    /// The longest time that [`receive`](Self::receive) may take while all is well. One that takes longer is dropped, and
    /// [`begin_again`](Self::begin_again) is called.
    fn longest_silence(&self) -> Duration {
        LONGEST_SILENCE
    }

    /// Gives up what is left of the line, so that the next [`receive`](Self::receive) opens it again.
    fn begin_again(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Tells the platform that something was taken in, once it is committed. `said` is what was done, in a line. Failures are the platform's:
    /// it sends the same again.
    fn acknowledge<'a>(&'a self, ack: &'a str, said: Option<&'a str>) -> BoxFuture<'a, ()>;

    /// The same, where it was not to be done: the person who has pressed a button hears why.
    fn refuse<'a>(&'a self, ack: &'a str, why: &'a str) -> BoxFuture<'a, ()> {
        self.acknowledge(ack, Some(why))
    }

    /// Tells the platform that nothing comes of something: it was from nobody who may, or from where nothing works.
    fn pass_over<'a>(&'a self, ack: &'a str) -> BoxFuture<'a, ()> {
        self.acknowledge(ack, None)
    }

    /// Says where people speak to the bot: the chats that are set up, and the people who are listed. It is said before anything is received,
    /// and whenever it changes. After a gap a client looks there for what it has missed, if the platform does not send that by itself.
    fn attend(&self, _chats: &[Place], _people: &[PersonId]) {}

    /// A fault that keeps a part of it from working, as of now, with its remedy.
    fn warning(&self) -> Option<String> {
        None
    }

    /// The same for something that was taken in before: the platform may have heard that already, or not.
    fn acknowledge_again<'a>(&'a self, ack: &'a str) -> BoxFuture<'a, ()> {
        self.acknowledge(ack, None)
    }

    /// Sends a message, once.
    fn send<'a>(&'a self, message: &'a Outbound) -> BoxFuture<'a, Result<Sent, SendFailure>>;

    /// Looks whether a message was sent, of which nobody knows. None if the platform has no means for that, or could not be asked.
    fn find<'a>(&'a self, _message: &'a Outbound) -> BoxFuture<'a, Option<Option<Sent>>> {
        Box::pin(std::future::ready(None))
    }

    /// Shows in a place that an agent works. It lasts for some seconds.
    fn show_work<'a>(&'a self, _place: &'a Place) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Registers the commands with the platform, so that it completes them: in one server only, if one is given and the platform has such.
    ///
    /// # Errors
    /// It could not be done: people can write them all the same.
    fn register<'a>(&'a self, _server: Option<&'a str>) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// The bot as the platform knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id. The position belongs to it.
    pub id: String,
    /// Its name, by which people call it.
    pub name: String,
    /// A fault in how it is set up that keeps something from working, with its remedy.
    pub lacks: Option<String>,
}

/// Something that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The key by which it counts once, whatever is sent again. It begins with the platform's name and the bot's id.
    pub key: String,
    /// The position after it; none if it does not move it.
    pub position: Option<String>,
    /// The acknowledgement that the platform gets once it is committed; none if it gets none.
    pub ack: Option<String>,
    /// The thing that has come.
    pub inbound: Inbound,
}

/// A thing that has come: its content, its place and its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The place; of [`What::Nothing`] it does not matter.
    pub place: Place,
    /// True if it is a conversation with this person alone.
    pub is_direct: bool,
    /// The person; none where it is nobody who could be obeyed.
    pub person: Option<PersonId>,
    /// The person's name at this time, for people.
    pub name: Option<String>,
    /// The id of the message; of a button that of the message that has it.
    pub message: Option<String>,
    /// The content.
    pub what: What,
}

/// The content of a thing that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A text to the bot, without its name.
    Text {
        /// The text.
        text: String,
        /// The way in which it may be a command.
        form: Form,
    },
    /// A pressed button, with what it holds.
    Press(String),
    /// The chat has this id from now on.
    Moved(String),
    /// Nothing that is for the bot, or that it would obey.
    Nothing,
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbound {
    /// The number, which no other message ever has.
    pub no: u64,
    /// The place to which it goes.
    pub place: Place,
    /// Its content.
    pub part: Part,
    /// Time at which it was decided on, in milliseconds since 1970: it was not sent before.
    pub created_ms: i64,
    /// True if it may have been sent before.
    pub is_repeat: bool,
    /// The ids of the messages of its chat whose buttons are to stay, if it has buttons and may have been sent before.
    pub asking: Vec<String>,
}

/// A message that was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// The platform's id of it; none if it gave none.
    pub id: Option<String>,
}

/// Why a message was not sent, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendFailure {
    /// The platform takes no more for so long. It was not sent.
    RetryAfter(Duration),
    /// The platform was not reached. It was not sent.
    NotSent(String),
    /// The request may have had an effect.
    Unknown(String),
    /// The platform does not take this message, nor will it later: the reason and the remedy.
    Refused(String),
    /// The chat takes no message of the bot until someone changes something there: the reason and the remedy. It was not sent.
    Closed(String),
    /// The token is not accepted any more: the reason and the remedy. It was not sent.
    Stop(String),
    /// The chat has this id from now on. It was not sent.
    Moved(String),
}

/// Why nothing could be received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It may work later; after so long at the earliest, if the platform says so.
    Later {
        /// The reason, and the remedy where there is one.
        why: String,
        /// The time.
        after: Option<Duration>,
    },
    /// Someone else receives what this bot should: the reason and the remedy. It is tried again, though not often.
    Taken(String),
    /// It will not work until someone changes something: the reason and the remedy.
    Stop(String),
}
