//! The warning before the agents' credential expires.

use std::{future::pending, sync::Arc, time::Duration};

use aiwg_protocol::{config::AccountsConfig, types::Timestamp};
use futures::future::BoxFuture;
use jiff::{civil::Date, tz::TimeZone};
use tokio::time::sleep;

use crate::{component::Component, context::Context, health::IssueKind};

/// The agents' credential expires soon, or has expired.
const CREDENTIAL_ISSUE: IssueKind = IssueKind::named("credential");

/// Number of days before a credential expires from which on the health says so.
const WARNED_DAYS: i32 = 14;

/// Interval between looks at the calendar.
const LOOK_EVERY: Duration = Duration::from_secs(3600);

/// Says in the health when the agents' credential expires.
pub(crate) struct Credentials;

impl Component for Credentials {
    fn name(&self) -> &'static str {
        "the credentials"
    }

    fn configure(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move { look(&context) })
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let mut changes = context.settings.changes();
            loop {
                let has_day = changes.borrow_and_update().config.accounts.credential_expires_at.is_some();
                // Without a day nothing wakes it.
                let is_time = async { if has_day { sleep(LOOK_EVERY).await } else { pending().await } };
                tokio::select! {
                    () = is_time => look(&context),
                    // What has changed is put in force already; an error means that nothing can change any more.
                    changed = changes.changed() => if changed.is_err() { return },
                    () = context.stopped.cancelled() => return,
                }
            }
        })
    }
}

fn look(context: &Context) {
    match warning(&context.settings.get().config.accounts, Timestamp::now()) {
        Some(warning) => context.health.report(CREDENTIAL_ISSUE, warning),
        None => context.health.clear(CREDENTIAL_ISSUE),
    }
}

/// The warning about a credential that expires soon.
fn warning(accounts: &AccountsConfig, now: Timestamp) -> Option<String> {
    let day = accounts.credential_expires_at.as_ref()?;
    let now = jiff::Timestamp::from_millisecond(now.as_millis()).ok()?;
    let today = TimeZone::UTC.to_datetime(now).date();
    let left = today.until(day.parse::<Date>().ok()?).ok()?.get_days();
    let what = match left {
        ..0 => format!("the agents' credential has expired on {day}"),
        0 => format!("the agents' credential expires today, on {day}"),
        1 => format!("the agents' credential expires on {day}, within a day or so"),
        days if days <= WARNED_DAYS => format!("the agents' credential expires on {day}, in {days} days"),
        _ => return None,
    };
    Some(format!(
        "{what}: get another one, as with `claude setup-token`, restart the daemon with it, and set accounts.credential_expires_at to its day"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_warns_for_two_weeks() {
        let accounts = AccountsConfig {
            credential_expires_at: Some("2027-01-31".to_owned()),
            ..AccountsConfig::default()
        };
        let on = |now: &str| warning(&accounts, now.parse().unwrap());
        assert_eq!(on("2027-01-15T12:00:00Z"), None);
        assert_eq!(on("2027-01-16T23:59:59Z"), None);
        for time in ["00:00:00", "12:00:00", "23:59:59"] {
            assert!(on(&format!("2027-01-17T{time}Z")).unwrap().contains("in 14 days: get another one"));
            assert!(on(&format!("2027-01-31T{time}Z")).unwrap().contains("expires today, on 2027-01-31"));
        }
        assert!(on("2027-01-30T12:00:00Z").unwrap().contains("within a day"));
        assert!(on("2027-02-01T00:00:01Z").unwrap().contains("has expired on 2027-01-31"));
        assert_eq!(warning(&AccountsConfig::default(), Timestamp::now()), None);
    }
}
