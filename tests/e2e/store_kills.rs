//! Moves of a store that are killed.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc,
    },
    thread,
};

use rustix::process::Signal;
use serde_json::json;

use crate::{
    store_moves::{Walk, dump, in_force},
    support::{Cli, kill, postgres::Cluster, until},
};

/// Where a move is killed: with which message to the server, and whether that still gets it.
#[derive(Debug, Clone, Copy)]
struct At {
    message: usize,
    is_carried: bool,
}

/// Something between the command and the server, which kills the command at a message.
struct Between {
    port: u16,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    /// The messages since the command began, each with whether it ends a transaction.
    messages: Mutex<Vec<bool>>,
    kill: Mutex<Option<At>>,
    /// True if the second message is held up, and whether it is; until it is no more.
    hold: AtomicBool,
    is_held: AtomicBool,
    /// The command's process; 0 while that is not known.
    process: AtomicU32,
}

impl Between {
    fn with(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (port, told) = (listener.local_addr().unwrap().port(), Arc::new(Told::default()));
        let heard = Arc::clone(&told);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                let told = Arc::clone(&heard);
                thread::spawn(move || told.carry(client, server));
            }
        });
        Self { port, told }
    }

    /// Runs a command to its end, or kills it. Gives the messages that it has sent.
    fn run(&self, mut command: Command, kill: Option<At>) -> (Cli, Vec<bool>) {
        *self.told.messages.lock().unwrap() = Vec::new();
        *self.told.kill.lock().unwrap() = kill;
        self.told.process.store(0, Ordering::SeqCst);
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        self.told.process.store(child.id(), Ordering::SeqCst);
        let done = Cli::of(child.wait_with_output().unwrap());
        *self.told.kill.lock().unwrap() = None;
        (done, self.told.messages.lock().unwrap().clone())
    }
}

impl Told {
    fn carry(&self, mut client: TcpStream, mut server: TcpStream) {
        let (mut back, mut answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let is_over = Arc::new(AtomicBool::new(false));
        let is_over_there = Arc::clone(&is_over);
        let (said, answered) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 65536];
            while let Ok(count @ 1..) = answers.read(&mut bytes) {
                if is_over_there.load(Ordering::SeqCst) {
                    let _ = said.send(());
                    break;
                }
                if back.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            let _ = back.shutdown(Shutdown::Both);
        });
        let mut bytes = [0; 65536];
        while let Ok(count @ 1..) = client.read(&mut bytes) {
            let number = {
                let mut messages = self.messages.lock().unwrap();
                messages.push(bytes[..count].windows(6).any(|word| word == b"COMMIT"));
                messages.len()
            };
            if number == 2 && self.hold.load(Ordering::SeqCst) {
                self.is_held.store(true, Ordering::SeqCst);
                until("the end of the hold", || !self.hold.load(Ordering::SeqCst));
            }
            let at = self.kill.lock().unwrap().filter(|at| at.message == number);
            is_over.store(at.is_some(), Ordering::SeqCst);
            if at.is_none_or(|at| at.is_carried) && server.write_all(&bytes[..count]).is_err() {
                break;
            }
            if let Some(at) = at {
                if at.is_carried {
                    // The server has done it, and nobody hears of that.
                    let _ = answered.recv();
                }
                until("the command's process", || self.process.load(Ordering::SeqCst) != 0);
                kill(self.process.load(Ordering::SeqCst), Signal::KILL);
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    }
}

/// Some of the messages of a command: those that end its transactions, each with and without what it says, and some between.
fn points(messages: &[bool]) -> Vec<At> {
    let mut points = Vec::new();
    for (at, is_commit) in messages.iter().enumerate() {
        let message = at + 1;
        if *is_commit || at == 0 || at % (messages.len() / 3) == 1 {
            points.push(At { message, is_carried: false });
        }
        if *is_commit || message == messages.len() - 1 {
            points.push(At { message, is_carried: true });
        }
    }
    points
}

#[test]
fn whatever_kills_a_move_leaves_one_store_in_force_and_the_next_try_finishes() {
    let Some(cluster) = Cluster::start() else { return };
    let between = Between::with(cluster.port);
    let url = format!("postgres://tester@127.0.0.1:{}/postgres?project=kills", between.port);
    let walk = Walk::new(url, json!({}));
    let project = &walk.project;
    walk.done(&["daemon", "start"]);
    project.ended(&project.submit("echo one"));
    walk.done(&["daemon", "pause"]);
    project.submit("echo two");
    project.json(&["event", "emit", "a:b", "--idempotency-key", "key"]);
    project.stop();
    let ids = || {
        let list = project.json(&["task", "list"]);
        list.as_array()
            .unwrap()
            .iter()
            .map(|task| (task["id"].clone(), task["state"].clone()))
            .collect::<Vec<_>>()
    };
    // A whole way first, to see how many messages it takes.
    let back = || {
        let mut command = walk.command(&["store", "migrate", "--to", "sqlite"]);
        command.env("AIWG_STORE", &walk.url);
        command
    };
    // The first one has made the tables there.
    let ways = [(); 2].map(|()| {
        let (moved, out) = between.run(walk.command(&walk.away()), None);
        assert_eq!(moved.code, 0, "{}", moved.err);
        let (moved, home) = between.run(back(), None);
        assert_eq!(moved.code, 0, "{}", moved.err);
        (points(&out), points(&home))
    });
    let [_, (out, home)] = ways;
    assert!(out.len() > 6 && home.len() > 4, "{out:?} {home:?}");

    let (mut left_here, mut left_there) = ([0; 2], [0; 2]);
    for round in 0..out.len().max(home.len()) {
        let before = dump(project);
        if let Some(at) = out.get(round) {
            let (killed, _) = between.run(walk.command(&walk.away()), Some(*at));
            // The last message ends a connection whose work is done.
            assert!(killed.code == -1 || in_force(project).is_some(), "{at:?}: {}{}", killed.out, killed.err);
            // The other one does not start, whichever that is.
            match in_force(project) {
                None => {
                    left_here[0] += 1;
                    let refused = walk.with_store(&["daemon", "start"]);
                    assert_eq!(refused.code, 1, "{at:?}: {}", refused.out);
                }
                Some(_) => {
                    left_there[0] += 1;
                    let refused = walk.refused(&["daemon", "start"]);
                    assert!(refused.contains("was moved to postgres://"), "{at:?}: {refused}");
                }
            }
            assert_eq!(dump(project), before, "{at:?}: the source is left as it was");
        }
        let (moved, _) = between.run(walk.command(&walk.away()), None);
        assert_eq!(moved.code, 0, "{round}: {}", moved.err);
        assert_eq!(cluster.psql("SELECT count(*) FROM aiwg_kills.cursor WHERE source = 'store'"), "0");
        if let Some(at) = home.get(round) {
            let (killed, _) = between.run(back(), Some(*at));
            assert!(killed.code == -1 || in_force(project).is_none(), "{at:?}: {}{}", killed.out, killed.err);
            match in_force(project) {
                Some(_) => {
                    left_there[1] += 1;
                    let refused = walk.refused(&["daemon", "start"]);
                    assert!(refused.contains("was moved to postgres://"), "{at:?}: {refused}");
                }
                None => {
                    left_here[1] += 1;
                    let refused = walk.with_store(&["daemon", "start"]);
                    assert_eq!(refused.code, 1, "{at:?}: {}", refused.out);
                }
            }
        }
        let (moved, _) = between.run(back(), None);
        assert_eq!(moved.code, 0, "{round}: {}", moved.err);
        assert_eq!(dump(project), before, "{round}");
    }
    // Both have been met.
    assert!(left_here[0] > 0 && left_there[0] > 0 && left_there[1] > 0, "{left_here:?} {left_there:?}");

    // A move that was killed is no move: the store before goes on, and its daemon with it.
    let last = *out.iter().rfind(|at| !at.is_carried).unwrap();
    let early = out
        .iter()
        .filter(|at| at.is_carried)
        .map(|at| At { message: at.message, is_carried: true })
        .next()
        .unwrap();
    for at in [early, last] {
        let (killed, _) = between.run(walk.command(&walk.away()), Some(at));
        assert_eq!(killed.code, -1);
        let started = match in_force(project) {
            None => walk.run(&["daemon", "start"]),
            Some(_) => walk.with_store(&["daemon", "start"]),
        };
        assert_eq!(started.code, 0, "{at:?}: {}", started.err);
        assert_eq!(
            ids(),
            [
                (json!("task-0003"), json!("queued")),
                (json!("task-0002"), json!("queued")),
                (json!("task-0001"), json!("completed"))
            ]
        );
        project.stop();
        let (moved, _) = between.run(walk.command(&walk.away()), None);
        assert_eq!(moved.code, 0, "{}", moved.err);
        let (killed, _) = between.run(back(), home.get(home.len() / 2).copied());
        assert_eq!(killed.code, -1);
        let started = walk.with_store(&["daemon", "start"]);
        assert_eq!(started.code, 0, "{at:?}: {}", started.err);
        project.stop();
        let (moved, _) = between.run(back(), None);
        assert_eq!(moved.code, 0, "{}", moved.err);
    }
}

#[test]
fn nobody_starts_while_a_store_moves_and_what_is_left_is_taken_up_where_the_other_is_lost() {
    let Some(mut cluster) = Cluster::start() else { return };
    let between = Between::with(cluster.port);
    let url = format!("postgres://tester@127.0.0.1:{}/postgres?project=held", between.port);
    let walk = Walk::new(url, json!({}));
    let project = &walk.project;
    walk.done(&["daemon", "start"]);
    project.ended(&project.submit("echo one"));
    project.stop();
    between.told.hold.store(true, Ordering::SeqCst);
    let moved = thread::scope(|scope| {
        let moving = scope.spawn(|| between.run(walk.command(&walk.away()), None).0);
        until("the move", || between.told.is_held.load(Ordering::SeqCst));
        for args in [&["daemon", "start"][..], &walk.away()] {
            let refused = walk.refused(args);
            assert!(refused.contains("just being moved"), "{refused}");
        }
        between.told.hold.store(false, Ordering::SeqCst);
        moving.join().unwrap()
    });
    assert_eq!(moved.code, 0, "{}", moved.err);
    // The PostgreSQL is lost for ever.
    cluster.stop("QUIT");
    let refused = walk.refused(&["daemon", "start"]);
    assert!(refused.contains("was moved to postgres://") && refused.contains("--adopt-state"), "{refused}");
    walk.done(&["daemon", "start", "--adopt-state"]);
    assert_eq!(project.task("task-0001")["state"], "completed");
    let next = project.submit("echo two");
    assert_eq!((next.as_str(), &project.ended(&next)["state"]), ("task-0002", &json!("completed")));
    project.stop();
    walk.done(&["daemon", "start"]);
}
