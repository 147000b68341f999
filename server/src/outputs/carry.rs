//! Carries what agents write: a few times a second at the most while there is something new, and of all runs at once.

use std::{collections::BTreeMap, io, path::PathBuf, time::Duration};

use aiwg_model::RunId;
use aiwg_protocol::types::OutputStream;
use aiwg_store::{OutputSink, StreamOf};
use tokio::time::{sleep, timeout};

use super::{
    Outputs,
    files::{Next, Progress, name, next},
};
use crate::{beside::beside, project::Project};

/// Time between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Time after which a store that does not answer is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// About as many bytes as are carried at once.
const AT_ONCE: u64 = 1024 * 1024;

const STREAMS: [OutputStream; 2] = [OutputStream::Stdout, OutputStream::Stderr];

/// A run, with how much of its streams is stored; none where that is to be asked for first.
#[derive(Clone)]
struct Known {
    dir: PathBuf,
    is_over: bool,
    streams: Option<[Progress; 2]>,
}

/// Carries what the agents of this host write, for as long as it is polled. What an earlier daemon has not carried to its end comes first.
pub(crate) async fn carry(outputs: Outputs, mut sink: impl OutputSink, project: Project) {
    let mut carrier = Carrier { known: BTreeMap::new(), last: None };
    let (mut has_asked, mut is_away) = (false, false);
    loop {
        let round = async {
            if !has_asked {
                for (run, dir) in sink.unfinished().await? {
                    let dir = project.run_dir_named(run, dir.as_deref());
                    let known = Known { dir, is_over: true, streams: None };
                    carrier.known.entry(run).or_insert(known);
                }
                has_asked = true;
            }
            carrier.round(&outputs, &mut sink).await
        };
        match round.await {
            Ok(true) => {}
            Ok(false) => {
                is_away = false;
                let is_idle = carrier.known.is_empty();
                let rung = outputs.0.rung.notified();
                match is_idle {
                    true => rung.await,
                    false => drop(timeout(LOOK_EVERY, rung).await),
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut is_away, true) {
                    tracing::warn!(%error, "what agents write cannot be stored for other hosts now, and follows");
                }
                // Whether something was stored is not known.
                carrier.known.values_mut().for_each(|known| known.streams = None);
                sleep(AGAIN_AFTER).await;
            }
        }
    }
}

struct Carrier {
    known: BTreeMap<RunId, Known>,
    /// The run that had its turn last.
    last: Option<RunId>,
}

impl Carrier {
    /// Carries what there is, up to a bound. True if more is to be carried at once: of a run that is over.
    async fn round(&mut self, outputs: &Outputs, sink: &mut impl OutputSink) -> aiwg_store::Result<bool> {
        let forgotten = self.take(outputs);
        if !forgotten.is_empty()
            && let Err(error) = sink.forget(&forgotten).await
        {
            outputs.lock().forgotten.extend(forgotten);
            return Err(error);
        }
        self.ask(sink).await?;
        let found = self.found().await;
        let parts: Vec<Next> = found.into_iter().map(|(_, next)| next).collect();
        let (blocks, kept): (Vec<_>, Vec<_>) =
            parts.iter().map(|next| (next.blocks.as_slice(), next.kept)).unzip();
        let blocks = blocks.concat();
        let own = if blocks.is_empty() { Vec::new() } else { sink.put(&blocks, &kept).await? };
        let mut refused: Vec<RunId> = Vec::new();
        for Next { kept, then, .. } in parts {
            let run = kept.of.run;
            let Some(known) = self.known.get_mut(&run) else { continue };
            if !own.contains(&run) {
                refused.push(run);
            } else if let Some(stream) =
                known.streams.as_mut().and_then(|streams| streams.get_mut(place(kept.of.stream)))
            {
                *stream = then;
            }
        }
        for run in &refused {
            tracing::debug!(%run, "what its agent writes counts no more: the task has gone on elsewhere, or is forgotten");
        }
        let is_whole =
            |known: &Known| known.streams.is_some_and(|all| all.iter().all(|stream| stream.is_whole));
        let whole =
            self.known.iter().filter(|(_, known)| known.is_over && is_whole(known)).map(|(run, _)| *run);
        let settled: Vec<RunId> = whole.chain(refused).collect();
        self.known.retain(|run, _| !settled.contains(run));
        outputs.settle(&settled);
        Ok(!blocks.is_empty() && self.known.values().any(|known| known.is_over))
    }

    /// Takes over what is wanted, and gives the tasks whose output is to be removed.
    fn take(&mut self, outputs: &Outputs) -> Vec<aiwg_model::TaskNo> {
        let mut wanted = outputs.lock();
        for (run, is) in &mut wanted.runs {
            let streams = is.is_new.then(<[Progress; 2]>::default);
            let known = self.known.entry(*run).or_insert_with(|| Known {
                dir: is.dir.clone(),
                is_over: false,
                streams,
            });
            (known.is_over, is.is_new) = (is.is_over, false);
        }
        std::mem::take(&mut wanted.forgotten)
    }

    /// Asks how much is stored of those of which it is not known.
    async fn ask(&mut self, sink: &mut impl OutputSink) -> aiwg_store::Result<()> {
        let unknown: Vec<RunId> =
            self.known.iter().filter(|(_, known)| known.streams.is_none()).map(|(run, _)| *run).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let ends = sink.ends(&unknown).await?;
        for run in unknown {
            let stored = STREAMS.map(|stream| {
                let of = StreamOf { run, stream };
                let found = ends.iter().find(|end| end.of == of);
                found.map_or_else(Progress::default, |end| Progress { end: end.end, is_whole: end.is_whole })
            });
            if let Some(known) = self.known.get_mut(&run) {
                known.streams = Some(stored);
            }
        }
        Ok(())
    }

    /// What there is to carry now, of each run in its turn.
    async fn found(&mut self) -> Vec<(RunId, Next)> {
        let after = self.last.unwrap_or(RunId { task: aiwg_model::TaskNo(0), n: 0 });
        let turn = self.known.range((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded));
        let turn: Vec<(RunId, Known)> =
            turn.chain(self.known.range(..=after)).map(|(run, known)| (*run, known.clone())).collect();
        let found = beside(move || {
            let (mut found, mut left) = (Vec::new(), AT_ONCE);
            for (run, known) in turn {
                let Some(streams) = known.streams else { continue };
                for (stream, stored) in STREAMS.into_iter().zip(streams) {
                    if left == 0 {
                        return found;
                    }
                    let (of, path) = (StreamOf { run, stream }, known.dir.join(name(stream)));
                    let next = next(&path, of, stored, (known.is_over, left));
                    if let Some(next) = next.unwrap_or_else(|error| unreadable(run, &error)) {
                        let bytes = next.blocks.iter().map(|block| block.bytes.len() as u64).sum();
                        left = left.saturating_sub(bytes);
                        found.push((run, next));
                    }
                }
            }
            found
        });
        let found = found.await;
        self.last = found.last().map(|(run, _)| *run);
        found
    }
}

/// What cannot be read, since its agent has put something else there, is not carried.
fn unreadable(run: RunId, error: &io::Error) -> Option<Next> {
    tracing::debug!(%run, %error, "what its agent writes cannot be read");
    None
}

fn place(stream: OutputStream) -> usize {
    match stream {
        OutputStream::Stdout => 0,
        OutputStream::Stderr => 1,
    }
}
