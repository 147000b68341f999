//! Numbers that nobody else has, from the randomness that the standard library takes from the system for its hash maps.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use aiwg_protocol::types::Timestamp;

/// 64 bits at random.
pub(crate) fn bits() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A new `idempotencyKey`: a UUID of version 7, which begins with the time, so that keys are stored one after the other.
///
/// The client gives one to each call that has none. A key of one's own has a call repeated where the client that made it is gone: a script that is
/// run again, say.
///
/// ```
/// # aiwg_testing::example(|client| async move {
/// use aiwg_client::{new_idempotency_key, types::TaskSubmitParams};
///
/// let key = new_idempotency_key();
/// let order = TaskSubmitParams { prompt: "Tidy up".into(), idempotency_key: Some(key), ..Default::default() };
/// let first = client.task_submit(order.clone()).await?;
/// assert_eq!(client.task_submit(order).await?.task_id, first.task_id);
/// # Ok(())
/// # });
/// ```
pub fn key() -> String {
    let millis = Timestamp::now().as_millis().cast_unsigned() & 0xffff_ffff_ffff;
    let (one, two) = (bits(), bits());
    format!(
        "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
        millis >> 16,
        millis & 0xffff,
        one & 0xfff,
        0x8000 | (one >> 12 & 0x3fff),
        two & 0xffff_ffff_ffff
    )
}

/// From half of a pause to all of it: many that wait for the same do not come back at once.
pub(crate) fn jittered(pause: Duration) -> Duration {
    pause / 2 + pause.mul_f64((bits() >> 32) as f64 / f64::from(u32::MAX) / 2.0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_are_uuids_of_version_7_and_differ() {
        let keys: HashSet<String> = (0..10_000).map(|_| key()).collect();
        assert_eq!(keys.len(), 10_000);
        for key in keys {
            let widths: Vec<usize> = key.split('-').map(str::len).collect();
            assert_eq!(widths, [8, 4, 4, 4, 12], "{key}");
            assert!(key.as_bytes()[14] == b'7' && b"89ab".contains(&key.as_bytes()[19]), "{key}");
        }
    }

    #[test]
    fn a_pause_is_between_half_and_all_of_it() {
        let pause = Duration::from_millis(100);
        assert!((0..1000).map(|_| jittered(pause)).all(|some| pause / 2 <= some && some <= pause));
    }
}
