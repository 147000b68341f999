//! The output of an agent, read at once and as it grows: both come to the same evaluation.

use std::{cell::RefCell, fs::File, io::Write};

use aiwg_agents::claude::{Exit, Format, ResultWatch, evaluate, read};
use tempfile::TempDir;

thread_local! {
    static DIR: RefCell<TempDir> = RefCell::new(TempDir::new().unwrap());
}

/// Tries one input.
pub fn output(bytes: &[u8]) {
    DIR.with_borrow(|dir| {
        let path = dir.path().join("stdout.log");
        for format in [Format::Json, Format::StreamJson] {
            let mut file = File::create(&path).unwrap();
            let mut watch = ResultWatch::new(&path, 0, format);
            let (first, second) = bytes.split_at(bytes.len() / 2);
            for part in [first, second] {
                file.write_all(part).unwrap();
                watch.look().unwrap();
                watch.look_at_silent().unwrap();
            }
            let exit = Exit { code: Some(0), ..Exit::default() };
            let evaluated = |output| evaluate(&exit, &output, |_| Some(1.0));
            let (at_once, grown) =
                (evaluated(read(&path, 0, format).unwrap()), evaluated(watch.into_output().unwrap()));
            // Debug: a cost that is no number is not itself.
            assert_eq!(format!("{at_once:?}"), format!("{grown:?}"));
        }
    });
}
