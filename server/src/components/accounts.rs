//! The accounts of agents, as far as the configuration says something of them.

use std::{path::Path, sync::Arc, time::Duration};

use aiwg_protocol::{
    config::{AccountsConfig, Config},
    types::Timestamp,
};
use futures::future::BoxFuture;
use jiff::{civil::Date, tz::TimeZone};
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    accounts::Hours,
    component::Component,
    config::{Check, SectionCheck, Step},
    context::Context,
    health::IssueKind,
};

/// The agents' credential expires soon, or has expired.
const CREDENTIAL_ISSUE: IssueKind = IssueKind::named("credential");

/// Number of days before a credential expires from which on the health says so.
const WARNED_DAYS: i64 = 14;

/// Interval between looks at the calendar.
const LOOK_EVERY: Duration = Duration::from_secs(3600);

const DAY_MS: i64 = 24 * 3_600_000;

/// The checks of the section `accounts`.
pub(crate) struct AccountsCheck;

impl SectionCheck for AccountsCheck {
    fn check(&self, check: &mut Check<'_, '_, '_>, config: &Config) {
        let accounts = &config.accounts;
        let section = Step::Key("accounts");
        for (window, percent) in &accounts.reserve {
            if !(1..=100).contains(percent) {
                let at = [section, Step::Key("reserve"), Step::Key(window)];
                check.wrong(&at, format!("a share is from 1 to 100 percent; it is {percent}"));
            }
        }
        if let Some(hours) = accounts.hours.as_ref().filter(|hours| Hours::parse(hours).is_none()) {
            let why =
                format!("{hours:?} are no hours: they are written as \"07:00-22:00\", and have some length");
            check.wrong(&[section, Step::Key("hours")], why);
        }
        if let Some(day) = accounts.credential_expires_at.as_ref().filter(|day| day.parse::<Date>().is_err())
        {
            let why = format!("{day:?} is no day: it is written as \"2027-01-31\"");
            check.wrong(&[section, Step::Key("credential_expires_at")], why);
        }
    }

    fn not_meant(&self, _project: &Path, config: &Config) -> Vec<String> {
        let all = config.accounts.reserve.iter().filter(|(_, percent)| **percent == 100);
        let why = |window: &str| {
            format!(
                "accounts.reserve leaves all of {window} to people: once anything of it is used up, no task starts"
            )
        };
        all.map(|(window, _)| why(window)).collect()
    }
}

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
            let mut ticks = interval(LOOK_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = ticks.tick() => look(&context),
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
    let begins = day.parse::<Date>().ok()?.at(0, 0, 0, 0);
    let expires = TimeZone::UTC.to_timestamp(begins).ok()?.as_millisecond();
    // It is good until its day begins.
    let left = (expires - now.as_millis()).div_euclid(DAY_MS);
    let what = match left {
        ..0 => format!("the agents' credential has expired on {day}"),
        0 => format!("the agents' credential expires on {day}, within a day"),
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
        assert!(on("2027-01-17T00:00:00Z").unwrap().contains("in 14 days: get another one"));
        assert!(on("2027-01-30T12:00:00Z").unwrap().contains("within a day"));
        assert!(on("2027-01-31T00:00:01Z").unwrap().contains("has expired on 2027-01-31"));
        assert_eq!(warning(&AccountsConfig::default(), Timestamp::now()), None);
    }
}
