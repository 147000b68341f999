//! The view in a terminal: hears, draws what has changed, and no more often than is good.

use std::{io, time::Duration};

use aiwg_client::types::Timestamp;
use tokio::{
    sync::mpsc::channel,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use crate::{
    Options,
    message::{Effect, Message},
    net::Net,
    state::{Looks, State},
    terminal::{self, Asked, Screen},
};

/// The shortest time between two pictures.
const DRAWS_EVERY: Duration = Duration::from_millis(100);

/// Interval at which the time that is shown is brought up to date.
const TICK: Duration = Duration::from_secs(1);

/// Number of messages that may wait: whoever brings more waits.
const MOST_WAITING: usize = 64;

/// Exit code of a view that was left by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// A view, and what it works with.
struct View {
    state: State,
    screen: Screen,
    net: Net,
}

/// Shows it until the person leaves, or a signal asks for the end. Gives the exit code.
pub(crate) async fn show(options: Options) -> io::Result<u8> {
    let Options { projects, zone, is_utf8, is_colored, timeout, reader } = options;
    let mut signals = terminal::signals()?;
    let looks = Looks { is_colored, is_utf8 };
    let is_all = matches!(projects, crate::Projects::All(_));
    let state = State::new(Timestamp::now(), zone, looks, is_all);
    let (to, mut messages) = channel(MOST_WAITING);
    let screen = Screen::take()?;
    terminal::read_keys(to.clone());
    let net = Net::new(projects, timeout, to, reader);
    let mut view = View { state, screen, net };
    view.measure()?;
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut not_before = Instant::now();
    let mut is_due = true;
    loop {
        if terminal::has_panicked() {
            return Err(io::Error::other("the view has failed"));
        }
        is_due |= view.state.has_changed();
        if is_due && not_before <= Instant::now() {
            view.state.settle();
            if view.screen.draw(&view.state)? {
                view.state.saw();
            }
            (is_due, not_before) = (false, Instant::now() + DRAWS_EVERY);
        }
        let ended = tokio::select! {
            biased;
            Some(asked) = signals.recv() => view.signal(asked)?,
            () = sleep_until(not_before), if is_due => None,
            Some(message) = messages.recv() => view.take(message)?,
            _ = tick.tick() => view.take(Message::Tick(Timestamp::now()))?,
        };
        if let Some(code) = ended {
            return Ok(code);
        }
    }
}

impl View {
    /// Takes a message in, and does what is to be done. An exit code ends the view.
    fn take(&mut self, message: Message) -> io::Result<Option<u8>> {
        for effect in self.state.update(message) {
            match effect {
                Effect::Quit(is_interrupted) => {
                    return Ok(Some(if is_interrupted { INTERRUPTED } else { 0 }));
                }
                Effect::Redraw => self.screen.clear()?,
                Effect::Suspend => {
                    if !terminal::suspend()? {
                        self.state.say("there is no shell to go back to", true);
                    }
                }
                other => self.net.carry_out(other),
            }
        }
        Ok(None)
    }

    fn signal(&mut self, asked: Asked) -> io::Result<Option<u8>> {
        match asked {
            Asked::End(code) => return Ok(Some(code)),
            Asked::Stop => self.screen.stop()?,
            Asked::GoOn => {
                self.screen.go_on()?;
                self.measure()?;
            }
        }
        Ok(None)
    }

    /// Finds out how large the terminal is.
    fn measure(&mut self) -> io::Result<()> {
        let (columns, rows) = self.screen.size()?;
        self.state.update(Message::Resized(columns, rows));
        self.state.update(Message::Tick(Timestamp::now()));
        Ok(())
    }
}
