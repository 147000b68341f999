//! The way in which a program was installed, as its place tells.

use std::{
    fmt, fs,
    path::{Component, Path, PathBuf},
    process::Command,
};

/// The way in which the program was installed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Installed {
    /// By npm, for the whole machine or user.
    NpmGlobal,
    /// By npm, in the project that has this directory.
    NpmProject(PathBuf),
    /// By pnpm, for the whole user.
    PnpmGlobal,
    /// By pnpm, in the project that has this directory.
    PnpmProject(PathBuf),
    /// By npx, in its cache.
    Npx,
    /// By pipx.
    Pipx,
    /// By uv, as a tool.
    Uv,
    /// By uv, into the environment in this directory.
    UvPip(PathBuf),
    /// By pip, beside this Python.
    Pip(PathBuf),
    /// By cargo, from a registry.
    Cargo,
    /// By cargo, from a clone of the repository, in this directory.
    CargoClone(PathBuf),
    /// As Debian's package.
    Debian,
    /// Not at all: it lies where the clone in this directory was built.
    Built(PathBuf),
    /// Copied there by hand, as from a tarball.
    Copied,
}

impl Installed {
    /// The way in which the program at this absolute path was installed.
    pub(super) fn of(program: &Path) -> Self {
        of_npm(program)
            .or_else(|| of_python(program))
            .or_else(|| of_cargo(program))
            .or_else(|| of_debian(program))
            .or_else(|| of_a_clone(program))
            .unwrap_or(Self::Copied)
    }

    /// Its name for programs.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::NpmGlobal | Self::NpmProject(_) => "npm",
            Self::PnpmGlobal | Self::PnpmProject(_) => "pnpm",
            Self::Npx => "npx",
            Self::Pipx => "pipx",
            Self::Uv | Self::UvPip(_) => "uv",
            Self::Pip(_) => "pip",
            Self::Cargo | Self::CargoClone(_) => "cargo",
            Self::Debian => "debian",
            Self::Built(_) => "built",
            Self::Copied => "copied",
        }
    }

    /// The line that upgrades it, or a sentence where no line does it.
    pub(super) fn upgrade(&self) -> String {
        match self {
            Self::NpmGlobal => "npm update -g aiwg".to_owned(),
            Self::NpmProject(project) => format!("npm update --prefix {} aiwg", quoted(project)),
            Self::PnpmGlobal => "pnpm update -g aiwg".to_owned(),
            Self::PnpmProject(project) => format!("pnpm --dir {} update aiwg", quoted(project)),
            Self::Npx => "npx aiwg@latest --version".to_owned(),
            Self::Pipx => "pipx upgrade aiwg-cli".to_owned(),
            Self::Uv => "uv tool upgrade aiwg-cli".to_owned(),
            Self::UvPip(environment) => {
                format!("uv pip install --python {} --upgrade aiwg-cli", quoted(environment))
            }
            Self::Pip(python) => format!("{} -m pip install --upgrade aiwg-cli", quoted(python)),
            Self::Cargo => "cargo install --locked aiwg".to_owned(),
            Self::CargoClone(clone) => {
                let clone = quoted(clone);
                format!("git -C {clone} pull && cargo install --locked --path {clone}/cli")
            }
            Self::Debian => {
                "sudo apt-get install ./aiwg_VERSION_ARCHITECTURE.deb, with the newer package".to_owned()
            }
            Self::Built(clone) => format!("git -C {} pull, and build it again", quoted(clone)),
            Self::Copied => "replace aiwg and aiwg-shim by those of the newer release".to_owned(),
        }
    }
}

impl fmt::Display for Installed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NpmGlobal => f.write_str("by npm, with -g"),
            Self::NpmProject(project) => write!(f, "by npm, in {}", project.display()),
            Self::PnpmGlobal => f.write_str("by pnpm, with -g"),
            Self::PnpmProject(project) => write!(f, "by pnpm, in {}", project.display()),
            Self::Npx => f.write_str("by npx, in its cache"),
            Self::Pipx => f.write_str("by pipx"),
            Self::Uv => f.write_str("by uv, as a tool"),
            Self::UvPip(environment) => write!(f, "by uv, in {}", environment.display()),
            Self::Pip(python) => write!(f, "by pip, of {}", python.display()),
            Self::Cargo => f.write_str("by cargo"),
            Self::CargoClone(clone) => write!(f, "by cargo, from {}", clone.display()),
            Self::Debian => f.write_str("as Debian's package"),
            Self::Built(clone) => write!(f, "not; it was built in {}", clone.display()),
            Self::Copied => f.write_str("by hand, as from a tarball"),
        }
    }
}

/// npm puts the program into `node_modules/@aiwg/PLATFORM/bin`.
fn of_npm(program: &Path) -> Option<Installed> {
    let package = program
        .ancestors()
        .find(|above| above.parent().is_some_and(|scope| scope.ends_with("node_modules/@aiwg")))?;
    let has = |name: &str| package.components().any(|part| part == Component::Normal(name.as_ref()));
    if has("_npx") {
        return Some(Installed::Npx);
    }
    // The outermost one is the project's, or that of all: `PREFIX/lib/node_modules`.
    let outermost = package.ancestors().filter(|above| above.ends_with("node_modules")).last()?;
    let owner = outermost.parent()?;
    // pnpm has its packages in a folder of its own there; the one for all is in `PNPM_HOME/global/5`.
    if has(".pnpm") {
        let is_global = owner.parent().is_some_and(|above| above.ends_with("pnpm/global"));
        return Some(if is_global {
            Installed::PnpmGlobal
        } else {
            Installed::PnpmProject(owner.to_owned())
        });
    }
    if owner.ends_with("lib") && !owner.join("package.json").exists() {
        return Some(Installed::NpmGlobal);
    }
    Some(Installed::NpmProject(owner.to_owned()))
}

/// pip puts it into `PREFIX/bin`, and notes it in `PREFIX/lib/python3.N/site-packages/aiwg_cli-VERSION.dist-info`.
fn of_python(program: &Path) -> Option<Installed> {
    let bin = program.parent()?;
    let prefix = bin.parent()?;
    let noted = entries(&prefix.join("lib"))
        .filter(|python| starts_with(python, "python3"))
        .flat_map(|python| ["site-packages", "dist-packages"].map(|packages| python.join(packages)))
        .flat_map(|packages| entries(&packages).collect::<Vec<_>>())
        .find(|package| starts_with(package, "aiwg_cli-"))?;
    let is_below = |folder: &str| prefix.parent().is_some_and(|above| above.ends_with(folder));
    if is_below("pipx/venvs") {
        Some(Installed::Pipx)
    } else if is_below("uv/tools") {
        Some(Installed::Uv)
    } else if fs::read_to_string(noted.join("INSTALLER")).is_ok_and(|by| by.trim() == "uv") {
        // Its environments have no pip as a rule.
        Some(Installed::UvPip(prefix.to_owned()))
    } else {
        let own = bin.join("python3");
        Some(Installed::Pip(if own.exists() { own } else { "python3".into() }))
    }
}

/// cargo puts it into `ROOT/bin`, and notes it in `ROOT/.crates.toml`: `"aiwg 0.1.0 (path+file:///clone/cli)" = [...]`.
fn of_cargo(program: &Path) -> Option<Installed> {
    let root = program.parent().filter(|bin| bin.ends_with("bin"))?.parent()?;
    let noted = fs::read_to_string(root.join(".crates.toml")).ok()?;
    let line = noted.lines().find_map(|line| line.strip_prefix("\"aiwg "))?;
    let clone = line.split_once("(path+file://").and_then(|(_, rest)| rest.split_once(')'));
    Some(clone.map_or(Installed::Cargo, |(package, _)| {
        let package = Path::new(package);
        Installed::CargoClone(package.parent().unwrap_or(package).to_owned())
    }))
}

/// dpkg knows whose each file is. Its packages put nothing elsewhere than below `/usr`.
fn of_debian(program: &Path) -> Option<Installed> {
    if !program.starts_with("/usr") || program.starts_with("/usr/local") {
        return None;
    }
    let asked = Command::new("dpkg-query").arg("--search").arg(program).output().ok()?;
    asked.stdout.starts_with(b"aiwg:").then_some(Installed::Debian)
}

/// cargo builds in `CLONE/target/PROFILE`.
fn of_a_clone(program: &Path) -> Option<Installed> {
    let target = program.ancestors().find(|above| above.ends_with("target"))?;
    let clone = target.parent()?;
    clone.join("cli/Cargo.toml").exists().then(|| Installed::Built(clone.to_owned()))
}

fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(dir).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

fn starts_with(path: &Path, prefix: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%,:=".contains(c);
    if text.chars().all(is_plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a program at this place below an empty directory, where these files lie too.
    fn of(program: &str, files: &[(&str, &str)]) -> (Installed, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for (file, content) in files.iter().chain([&(program, "")]) {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        (Installed::of(&root.join(program)), root)
    }

    #[test]
    fn npm_is_known_by_its_folder() {
        let program = "lib/node_modules/aiwg/node_modules/@aiwg/linux-x64/bin/aiwg";
        assert_eq!(of(program, &[]).0, Installed::NpmGlobal);
        let (found, root) = of("it's/node_modules/@aiwg/linux-x64/bin/aiwg", &[("it's/package.json", "{}")]);
        assert_eq!(found, Installed::NpmProject(root.join("it's")));
        assert!(found.upgrade().contains(r"it'\''s' aiwg"), "{}", found.upgrade());
        let pnpms = |root: &str| {
            format!("{root}/node_modules/.pnpm/@aiwg+linux-x64@0.1.0/node_modules/@aiwg/linux-x64/bin/aiwg")
        };
        let (found, root) = of(&pnpms("pn"), &[("pn/package.json", "{}")]);
        assert_eq!(found.upgrade(), format!("pnpm --dir {} update aiwg", root.join("pn").display()));
        assert_eq!(of(&pnpms("share/pnpm/global/5"), &[]).0, Installed::PnpmGlobal);
        assert_eq!(of(".npm/_npx/0a1b/node_modules/@aiwg/linux-x64/bin/aiwg", &[]).0, Installed::Npx);
    }

    #[test]
    fn pythons_installers_are_known_by_what_they_note() {
        let noted =
            |prefix: &str| format!("{prefix}/lib/python3.11/site-packages/aiwg_cli-0.1.0.dist-info/RECORD");
        let within = |prefix: &str| of(&format!("{prefix}/bin/aiwg"), &[(&noted(prefix), "")]).0;
        assert_eq!(within("share/pipx/venvs/aiwg-cli"), Installed::Pipx);
        assert_eq!(within("share/uv/tools/aiwg-cli"), Installed::Uv);
        assert_eq!(within(".local"), Installed::Pip("python3".into()));
        let installer = noted("uvv").replace("RECORD", "INSTALLER");
        let (found, root) = of("uvv/bin/aiwg", &[(&installer, "uv"), ("uvv/bin/python3", "")]);
        assert_eq!(found, Installed::UvPip(root.join("uvv")));
        let (found, root) = of("venv/bin/aiwg", &[(&noted("venv"), ""), ("venv/bin/python3", "")]);
        assert_eq!(found, Installed::Pip(root.join("venv/bin/python3")));
    }

    #[test]
    fn cargo_is_known_by_its_list() {
        let list = |source: &str| format!("[v1]\n\"aiwg 0.1.0 ({source})\" = [\"aiwg\", \"aiwg-shim\"]\n");
        let within = |source: &str| of(".cargo/bin/aiwg", &[(".cargo/.crates.toml", &list(source))]).0;
        assert_eq!(within("registry+index"), Installed::Cargo);
        assert_eq!(within("path+file:///src/aiwg/cli"), Installed::CargoClone("/src/aiwg".into()));
        assert_eq!(
            of(".cargo/bin/aiwg", &[(".cargo/.crates.toml", "[v1]\n\"other 1.0 (x)\" = []\n")]).0,
            Installed::Copied
        );
    }

    #[test]
    fn what_lies_in_a_clone_was_built_there() {
        let (found, root) = of("target/debug/aiwg", &[("cli/Cargo.toml", "")]);
        assert_eq!(found, Installed::Built(root));
        assert_eq!(of("opt/aiwg/bin/aiwg", &[]).0, Installed::Copied);
    }
}
