//! Names that become parts of refs.

use crate::error::Error;

/// A name that can be part of a ref, as it is.
pub(crate) fn part_of_ref(name: &str) -> Result<&str, Error> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let is_good = !name.is_empty()
        && name.len() <= 200
        && name.bytes().all(is_plain)
        && !name.starts_with(['.', '-'])
        && !name.ends_with('.')
        && !name.contains("..")
        && !name.to_ascii_lowercase().ends_with(".lock");
    if is_good { Ok(name) } else { Err(Error::Name(name.to_owned())) }
}
