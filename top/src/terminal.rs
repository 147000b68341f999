//! The terminal: taken for the view, and given back as it was, whatever happens.

use std::{
    io::{self, Stdout, Write},
    panic,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use ratatui::{
    Terminal,
    backend::CrosstermBackend,
    crossterm::{
        cursor::{Hide, Show},
        event::{DisableBracketedPaste, EnableBracketedPaste, Event, read},
        execute,
        style::ResetColor,
        terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
    },
    layout::Rect,
};
use rustix::process::{Signal, getpid, getppid, getsid, kill_current_process_group, kill_process};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc::{Sender, UnboundedReceiver, unbounded_channel},
    time::sleep,
};

use crate::{message::Message, sixteen::Sixteen, state::State};

/// True while the terminal is the view's.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// True once something has panicked, in whatever thread.
static HAS_PANICKED: AtomicBool = AtomicBool::new(false);

/// Time for the view to end once a signal asks for that: a terminal that takes nothing more keeps it from it.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// The terminal, taken for the view. It is given back when this is dropped.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<Sixteen<Stdout>>>,
}

impl Screen {
    /// Takes the terminal.
    pub(crate) fn take() -> io::Result<Self> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            give_back();
            HAS_PANICKED.store(true, Ordering::SeqCst);
            before(info);
        }));
        take()?;
        let backend = CrosstermBackend::new(Sixteen::to(io::stdout()));
        // What fails from here on gives it back, too.
        let mut screen = Self { terminal: Terminal::new(backend)? };
        screen.clear()?;
        Ok(screen)
    }

    /// Draws what has changed. False if nothing could be drawn: there will be another size in a moment.
    pub(crate) fn draw(&mut self, state: &State) -> io::Result<bool> {
        let mut is_drawn = false;
        self.terminal.draw(|frame| is_drawn = crate::draw::draw(state, frame))?;
        Ok(is_drawn)
    }

    /// Forgets what was drawn: the next time, all is.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        // `Terminal::clear` asks the terminal where its cursor is, and the answer would come among the keys.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))
    }

    /// The size: columns and rows.
    pub(crate) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Stops this process, as the shell's Ctrl-Z does, until it goes on.
    pub(crate) fn stop(&mut self) -> io::Result<()> {
        give_back();
        kill_process(getpid(), Signal::STOP)?;
        Ok(())
    }

    /// Takes the terminal again, once the process goes on.
    pub(crate) fn go_on(&mut self) -> io::Result<()> {
        take()?;
        self.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    IS_TAKEN.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)
}

/// Gives the terminal back, once. It may be gone: then nobody misses it.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), ResetColor, DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
        let _ = io::stdout().flush();
    }
}

/// True once something has panicked: the terminal is given back then, and the view must end.
pub(crate) fn has_panicked() -> bool {
    HAS_PANICKED.load(Ordering::SeqCst)
}

/// Asks all processes of the foreground to stop, as the terminal's own Ctrl-Z would. False if no shell would let them go on.
pub(crate) fn suspend() -> io::Result<bool> {
    if is_alone() {
        return Ok(false);
    }
    kill_current_process_group(Signal::TSTP)?;
    Ok(true)
}

/// True if nobody is there who would let a stopped process go on: its parent is of another session, as where a terminal has started it.
fn is_alone() -> bool {
    let Ok(own) = getsid(None) else { return true };
    getppid().is_none_or(|parent| getsid(Some(parent)).is_ok_and(|of| of != own))
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To end, with this exit code.
    End(u8),
    /// To stop for a while.
    Stop,
    /// To go on.
    GoOn,
}

/// The signals that are asked for. Ends the process where one that asks for the end is not heeded in time.
pub(crate) fn signals() -> io::Result<UnboundedReceiver<Asked>> {
    let (to, asked) = unbounded_channel();
    for kind in [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt(), SignalKind::quit()] {
        let mut comes = signal(kind)?;
        let to = to.clone();
        tokio::spawn(async move {
            if comes.recv().await.is_some() {
                let code = u8::try_from(128 + kind.as_raw_value()).unwrap_or(1);
                let _ = to.send(Asked::End(code));
                sleep(ENDS_WITHIN).await;
                let _ = disable_raw_mode();
                std::process::exit(code.into());
            }
        });
    }
    for (raw, what) in [(Signal::TSTP, Asked::Stop), (Signal::CONT, Asked::GoOn)] {
        let mut comes = signal(SignalKind::from_raw(raw.as_raw()))?;
        let to = to.clone();
        tokio::spawn(async move {
            while comes.recv().await.is_some() {
                // One that nobody lets go on does not stop.
                if what != Asked::Stop || !is_alone() {
                    let _ = to.send(what);
                }
            }
        });
    }
    Ok(asked)
}

/// Reads keys in a thread of its own, which ends with the process.
pub(crate) fn read_keys(to: Sender<Message>) {
    std::thread::spawn(move || {
        while let Ok(event) = read() {
            let message = match event {
                Event::Key(key) => Message::Key(key),
                Event::Paste(text) => Message::Pasted(text),
                Event::Resize(columns, rows) => Message::Resized(columns, rows),
                _ => continue,
            };
            if to.blocking_send(message).is_err() {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use std::{
        process::Command,
        time::{Duration, Instant},
    };

    use super::*;

    #[test]
    #[ignore = "the next test runs it, in a terminal"]
    fn panics_while_it_has_the_terminal() {
        let mut screen = Screen::take().unwrap();
        let state = crate::state::tests::view(&["shop"]);
        screen.draw(&state).unwrap();
        // In whatever thread.
        assert!(std::thread::spawn(|| panic!("on purpose")).join().is_err() && has_panicked());
        panic!("and once more");
    }

    #[test]
    fn a_panic_gives_the_terminal_back() {
        let dir = tempfile::tempdir().unwrap();
        let tmux = |args: &[&str]| {
            let mut command = Command::new("tmux");
            command.args(["-u", "-f", "/dev/null"]).args(args).current_dir(dir.path());
            let done = command.env("TMUX_TMPDIR", dir.path()).env_remove("TMUX").output().unwrap();
            String::from_utf8(done.stdout).unwrap()
        };
        let test = std::env::current_exe().unwrap();
        let line = format!(
            "stty -a >before; {} --exact terminal::tests::panics_while_it_has_the_terminal --ignored --nocapture; \
             stty -a >after; echo done; sleep 1000",
            test.display()
        );
        tmux(&["new-session", "-d", "-s", "it", "-x", "80", "-y", "50", "sh", "-c", &line]);
        let screen = || tmux(&["capture-pane", "-p", "-t", "it"]);
        let began = Instant::now();
        while !screen().contains("done\n") {
            assert!(began.elapsed() < Duration::from_secs(60), "{}", screen());
            std::thread::sleep(Duration::from_millis(20));
        }
        let shown = screen();
        let facts = tmux(&["display-message", "-p", "-t", "it", "#{alternate_on}#{cursor_flag}"]);
        tmux(&["kill-server"]);
        assert!(shown.contains("on purpose") && shown.contains("and once more"), "{shown}");
        assert_eq!(facts.trim(), "01");
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(read("before").contains("icanon"));
        assert_eq!(read("after"), read("before"));
    }
}
