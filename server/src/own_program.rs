//! The program of this process, wherever installers move it.

use std::{io, path::PathBuf, sync::OnceLock};

/// Path of the program when the process began.
static BEGAN_AS: OnceLock<PathBuf> = OnceLock::new();

/// Notes where the program is. Belongs to the very start: npm and pip rename the directory of a package before they remove it, and the system
/// goes on to tell where that was.
pub fn note_own_program() {
    if let Ok(path) = std::env::current_exe() {
        let _ = BEGAN_AS.set(path);
    }
}

/// Path of this program, or of the one that is in its place by now. It moves with its directory, where nothing has taken its place.
///
/// # Errors
/// The system does not tell.
pub fn own_program() -> io::Result<PathBuf> {
    let began_as = BEGAN_AS.get();
    if let Some(path) = began_as.filter(|path| path.exists()) {
        return Ok(path.clone());
    }
    let path = std::env::current_exe()?;
    let text = path.to_string_lossy();
    // Linux marks the path of one that is gone.
    let path = text.strip_suffix(" (deleted)").map_or(path.clone(), PathBuf::from);
    // Where there is none, it belongs where it was.
    Ok(began_as.filter(|_| !path.exists()).map_or(path, PathBuf::clone))
}
