//! The descriptions are what the packages say, to the letter: nobody has edited them by hand.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn they_are_as_they_were_extracted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("descriptions");
    let packages = folder.join("../../../target/oracles/platforms");
    assert!(packages.join("python").exists(), "run scripts/oracles first, or scripts/test, which does");
    let written = tempfile::tempdir().unwrap();
    assert!(Command::new(folder.join("extract")).arg(written.path()).status().unwrap().success());
    for name in ["discord.json", "slack.json", "telegram.json"] {
        let text = |folder: &Path| fs::read_to_string(folder.join(name)).unwrap();
        assert!(
            text(&folder) == text(written.path()),
            "{name} differs: run tests/platforms/descriptions/extract"
        );
    }
}
