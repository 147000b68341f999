//! References within a schema: JSON Pointers in the fragment of a URI, as `#/$defs/a%20b`.

use serde_json::Value;

/// The characters of a fragment that stand for themselves, besides letters and digits of ASCII.
const PLAIN: &str = "-._~!$&'()*+,;=:@/?";

/// The place to which a reference leads; none if it leads nowhere within the schema.
pub(crate) fn resolve<'s>(root: &'s Value, reference: &str) -> Option<&'s Value> {
    root.pointer(&pointer(reference)?)
}

/// The JSON Pointer of a reference; none if it is to no place within the schema.
pub(crate) fn pointer(reference: &str) -> Option<String> {
    let fragment = reference.strip_prefix('#')?;
    if !(fragment.is_empty() || fragment.starts_with('/')) {
        return None;
    }
    let mut parts = fragment.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let figures = part.get(..2).filter(|figures| figures.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(figures, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// True if each character may stand in a URI as it is, or is written as one that may.
pub(crate) fn is_written_well(reference: &str) -> bool {
    let fragment = reference.strip_prefix('#').unwrap_or(reference);
    pointer(reference).is_some() && fragment.chars().all(|c| c == '%' || is_plain(c))
}

/// The reference to the place to which a JSON Pointer leads.
pub(crate) fn to_pointer(pointer: &str) -> String {
    let mut reference = "#".to_owned();
    for c in pointer.chars() {
        if is_plain(c) {
            reference.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                reference.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    reference
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || PLAIN.contains(c)
}
