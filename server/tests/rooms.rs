//! The floor plan: which room of the server imports which, as `docs/architecture.md` lists it; and no circle in any crate.
//!
//! A room is a module at the top of a crate; in `components/` and `gateways/` of the server each folder is one. What tests import does not count.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use syn::{Attribute, ItemMod, ItemUse, Meta, UseTree, visit::Visit};

type Imports = BTreeMap<String, BTreeSet<String>>;

/// Folders that are only the sum of their rooms.
const CORRIDORS: [&str; 2] = ["components", "gateways"];

/// Document with the table.
const PICTURE: &str = "docs/architecture.md";

/// The line above the table.
const HEADING: &str = "| room | imports |\n|---|---|\n";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The room of a path below `src`, or below `crate::`.
fn room<'a>(mut path: impl Iterator<Item = &'a str>) -> Option<String> {
    let first = path.next()?;
    if !CORRIDORS.contains(&first) {
        return Some(first.to_owned());
    }
    path.next().map(|second| format!("{first}/{second}"))
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string().contains("test"),
        Meta::NameValue(_) => false,
    })
}

/// Gathers the paths of a file that begin with `crate`.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl Paths {
    fn take(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: String| [before, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.take(&path.tree, &with(path.ident.to_string())),
            UseTree::Name(name) => self.0.push(with(name.ident.to_string())),
            UseTree::Rename(name) => self.0.push(with(name.ident.to_string())),
            UseTree::Glob(_) => self.0.push(before.to_vec()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.take(tree, before)),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !is_test(&module.attrs) {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !is_test(&item.attrs) {
            self.take(&item.tree, &[]);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !is_test(&function.attrs) {
            syn::visit::visit_item_fn(self, function);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        syn::visit::visit_path(self, path);
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}

/// Imports between the rooms of a crate. A file that is only there for tests has `test` in its name.
fn imports(src: &Path) -> Imports {
    let mut all: BTreeMap<PathBuf, Option<String>> = BTreeMap::new();
    for file in files(src) {
        let inner = file.strip_prefix(src).unwrap().with_extension("");
        let parts = inner.iter().map(|part| part.to_str().unwrap()).filter(|part| *part != "mod");
        let is_of_tests = inner.to_str().unwrap().split(['/', '_']).any(|word| word == "tests");
        let own = room(parts).filter(|own| !is_of_tests && own != "lib" && own != "main");
        all.insert(file, own);
    }
    let rooms: BTreeSet<String> = all.values().flatten().cloned().collect();
    let mut imports: Imports = rooms.iter().map(|room| (room.clone(), BTreeSet::new())).collect();
    for (file, own) in all.iter().filter_map(|(file, own)| Some((file, own.as_ref()?))) {
        let parsed = syn::parse_file(&std::fs::read_to_string(file).unwrap());
        let parsed = parsed.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut paths = Paths::default();
        paths.visit_file(&parsed);
        for path in paths.0.iter().filter(|path| path.first().is_some_and(|first| first == "crate")) {
            let other = room(path.iter().skip(1).map(String::as_str));
            if let Some(other) = other.filter(|other| other != own && rooms.contains(other)) {
                imports.get_mut(own).unwrap().insert(other);
            }
        }
    }
    imports
}

/// A way from a room back to itself.
fn circle(imports: &Imports) -> Option<Vec<String>> {
    fn walk(room: &str, imports: &Imports, way: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        if let Some(at) = way.iter().position(|before| before == room) {
            way.drain(..at);
            return true;
        }
        if !done.insert(room.to_owned()) {
            return false;
        }
        way.push(room.to_owned());
        let found = imports.get(room).into_iter().flatten().any(|next| walk(next, imports, way, done));
        if !found {
            way.pop();
        }
        found
    }
    let (mut way, mut done) = (Vec::new(), BTreeSet::new());
    imports.keys().any(|room| walk(room, imports, &mut way, &mut done)).then_some(way)
}

/// The rows of the table as they stand in the document: from the ground floor up.
fn listed(document: &str) -> Vec<(String, BTreeSet<String>)> {
    let (_, table) = document.split_once(HEADING).expect("the table of rooms");
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows = table.lines().take_while(|line| line.starts_with('|')).map(|line| {
        let mut cells = line.trim_matches('|').split('|');
        let room = names(cells.next().unwrap()).remove(0);
        (room, names(cells.next().unwrap()).into_iter().collect())
    });
    rows.collect()
}

fn row(room: &str, imports: &BTreeSet<String>) -> String {
    let names: Vec<String> = imports.iter().map(|name| format!("`{name}`")).collect();
    format!("| `{room}` | {} |\n", if names.is_empty() { "nothing".to_owned() } else { names.join(", ") })
}

#[test]
fn a_room_imports_what_is_listed_and_stands_below_it() {
    let actual = imports(&repository().join("server/src"));
    let document = std::fs::read_to_string(repository().join(PICTURE)).unwrap();
    let listed = listed(&document);
    let order: Vec<&str> = listed.iter().map(|(room, _)| room.as_str()).collect();
    let new = actual.keys().filter(|room| !order.contains(&room.as_str()));
    let rooms =
        order.iter().copied().filter(|room| actual.contains_key(*room)).chain(new.map(String::as_str));
    let table: String = rooms.map(|room| row(room, &actual[room])).collect();
    // The picture is made from the code; which room stands above which is for people to say.
    if std::env::var_os("UPDATE_ROOMS").is_some() {
        let (before, rest) = document.split_once(HEADING).unwrap();
        let after = rest.split_once("\n\n").map_or(String::new(), |(_, after)| format!("\n{after}"));
        std::fs::write(repository().join(PICTURE), format!("{before}{HEADING}{table}{after}")).unwrap();
        return;
    }
    let as_listed: Imports = listed.iter().cloned().collect();
    assert!(
        as_listed == actual,
        "{PICTURE} lists other imports than there are: take the new ones back, or, where they are meant, \
         `UPDATE_ROOMS=1 cargo test -p aiwg-server --test rooms` writes this table:\n{HEADING}{table}"
    );
    for (at, (room, imported)) in listed.iter().enumerate() {
        let upwards: Vec<_> =
            imported.iter().filter(|other| !order[..at].contains(&other.as_str())).collect();
        assert!(upwards.is_empty(), "{room} imports upwards: {upwards:?}");
    }
}

#[test]
fn no_rooms_import_each_other_in_a_circle() {
    let crates = [
        "protocol",
        "client",
        "server",
        "server/agents",
        "server/fs",
        "server/model",
        "server/patterns",
        "server/watch",
        "cli",
    ];
    let more = [
        "server/schedule",
        "server/store",
        "server/store/sql",
        "server/store/postgres",
        "server/store/sqlite",
        "server/shim",
        "server/testing",
        "bindings/generator",
    ];
    for one in crates.into_iter().chain(more) {
        assert_eq!(circle(&imports(&repository().join(one).join("src"))), None, "{one}");
    }
}

#[test]
fn a_circle_and_an_import_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("lib.rs", "mod a; mod b; mod components;");
    write("a.rs", "use crate::{b::X, components::c::{self, Y}};");
    write(
        "b/mod.rs",
        "fn f() { let _ = crate::components::c::g(); } #[cfg(test)] mod tests { use crate::a::Z; }",
    );
    write("b/tests.rs", "use crate::a::Z;");
    write("components/mod.rs", "pub(crate) mod c;");
    write("components/c.rs", "");
    let found = imports(dir.path());
    let to = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(found["a"], to(&["b", "components/c"]));
    assert_eq!(found["b"], to(&["components/c"]));
    assert_eq!(circle(&found), None);
    write("components/c.rs", "type T = crate::a::Z;");
    assert!(circle(&imports(dir.path())).unwrap().contains(&"components/c".to_owned()));
}
