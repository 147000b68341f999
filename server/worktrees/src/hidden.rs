//! Files at which git does not look, since someone has said that it need not.

use std::ffi::OsString;

use crate::{
    error::Error,
    told::{Place, entries},
};

/// Has git look at each file of an index again; true if some were hidden. Those that a sparse checkout leaves out stay so.
pub(crate) fn uncover(place: &Place, environment: &[(&'static str, OsString)]) -> Result<bool, Error> {
    let step = place.step("list the files", ["ls-files", "-v", "-z"]).without_files();
    let listed = step.with(environment).done()?;
    let with = |is_meant: fn(u8) -> bool| -> Vec<u8> {
        let names = entries(&listed).filter(|entry| entry.first().is_some_and(|tag| is_meant(*tag)));
        names.filter_map(|entry| entry.get(2..)).flat_map(|name| [name, b"\0"].concat()).collect()
    };
    let clear = |flag: &str, names: Vec<u8>| {
        let step = place.step("look at hidden files", ["update-index", flag, "-z", "--stdin"]);
        step.with(environment).reading(names).done().map(drop)
    };
    let assumed = with(|tag| tag.is_ascii_lowercase());
    let assumed_is_empty = assumed.is_empty();
    if !assumed_is_empty {
        clear("--no-assume-unchanged", assumed)?;
    }
    let skipped = with(|tag| tag.eq_ignore_ascii_case(&b'S'));
    let has_skipped = !skipped.is_empty();
    if has_skipped && !is_sparse(place)? {
        clear("--no-skip-worktree", skipped)?;
    }
    Ok(!assumed_is_empty || has_skipped)
}

/// True if only a part of the files of its commit is in the tree.
fn is_sparse(place: &Place) -> Result<bool, Error> {
    let arguments = ["config", "--type=bool", "--default=false", "core.sparseCheckout"];
    Ok(place.step("read the configuration", arguments).without_files().line()? == "true")
}
