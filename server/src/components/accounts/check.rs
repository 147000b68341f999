//! The checks of the section `accounts`.

use std::path::Path;

use aiwg_protocol::config::{AccountsConfig, Config, ResumeBy};
use jiff::civil::Date;

use crate::{
    accounts::Hours,
    config::{Check, SectionCheck, Step, nearest},
};

/// The windows of plans that agents are known to report.
const WINDOWS: [&str; 5] = ["five_hour", "seven_day", "seven_day_opus", "seven_day_sonnet", "overage"];

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

    fn in_vain(&self, config: &Config) -> Vec<String> {
        let AccountsConfig { hours, resume, reserve, .. } = &config.accounts;
        let is_in_vain = hours.is_some() && *resume == ResumeBy::Ask && reserve.is_empty();
        let why = "accounts.hours has no effect where accounts.resume is \"ask\": a person resumes work at any hour";
        is_in_vain
            .then(|| why.to_owned())
            .into_iter()
            .chain(reserve.keys().filter_map(|window| unknown(window)))
            .collect()
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

/// The notice of a window that no agent is known to report; none for one that some do.
fn unknown(window: &str) -> Option<String> {
    if WINDOWS.contains(&window) {
        return None;
    }
    let near = nearest(window, &WINDOWS);
    let hint = near.map_or_else(
        || format!("known are {}", WINDOWS.join(", ")),
        |near| format!("did you mean {near:?}?"),
    );
    Some(format!(
        "accounts.reserve: no agent is known to report a window {window:?}, so this leaves nothing to people; {hint}"
    ))
}
