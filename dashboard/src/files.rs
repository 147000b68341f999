//! The files of the built page, as they are in the program.

/// A file of the page.
pub(crate) struct File {
    /// The path of its address.
    path: &'static str,
    /// The hash of its content.
    pub(crate) hash: &'static str,
    /// Its content, compressed with gzip.
    pub(crate) packed: &'static [u8],
}

/// All of them, in the order of their paths.
const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The path of the file that every page begins with.
const INDEX: &str = "/index.html";

impl File {
    /// The file at a path; the index is none, since it has addresses of its own.
    pub(crate) fn at(path: &str) -> Option<&'static Self> {
        FILES.iter().find(|file| file.path == path && path != INDEX)
    }

    /// The file that every page begins with.
    pub(crate) fn index() -> Option<&'static Self> {
        FILES.iter().find(|file| file.path == INDEX)
    }

    /// True if its name holds the hash of its content, so that it never changes.
    pub(crate) fn is_immutable(&self) -> bool {
        self.path.starts_with("/assets/")
    }

    /// Its media type.
    pub(crate) fn media_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("html") => "text/html; charset=utf-8",
            Some("js" | "mjs") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("json" | "webmanifest") => "application/json",
            Some("svg") => "image/svg+xml",
            Some("png") => "image/png",
            Some("ico") => "image/x-icon",
            Some("woff2") => "font/woff2",
            Some("txt") => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn every_file_is_what_is_checked_in_and_has_a_known_type() {
        let dist = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("page/dist");
        for file in FILES {
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(file.packed).read_to_end(&mut text).unwrap();
            assert!(text == std::fs::read(dist.join(&file.path[1..])).unwrap(), "{}", file.path);
            assert_ne!(file.media_type(), "application/octet-stream", "{}", file.path);
            assert_eq!(file.hash.len(), 24);
        }
        assert!(File::index().is_some() && File::at("/index.html").is_none());
    }

    #[test]
    fn what_is_cached_for_ever_has_a_hash_in_its_name() {
        for file in FILES.iter().filter(|file| file.is_immutable()) {
            let stem = file.path.rsplit_once('.').unwrap().0;
            // The hash itself may have such a sign in it.
            let hash = stem.split_once('-').map_or("", |(_, hash)| hash);
            assert!(hash.len() >= 8, "{}: nobody who has it would ever get another one", file.path);
        }
    }
}
