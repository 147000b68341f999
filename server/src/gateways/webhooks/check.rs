//! The checks of `gateway.webhooks`, and of the rules that webhooks can trigger.

use std::{collections::HashSet, path::Path};

use aiwg_protocol::config::{Action, Config, WebhookKind, WebhookSource, WebhooksConfig};

use crate::{
    config::{Check, SectionCheck, Step, is_of_this_machine},
    profiles::Profile,
    webhooks::{READER_PROFILE, Template, reaching, secret_variables},
};

/// The checks of `gateway.webhooks`.
pub(crate) struct WebhooksCheck;

const SECTION: [Step<'static>; 2] = [Step::Key("gateway"), Step::Key("webhooks")];

impl SectionCheck for WebhooksCheck {
    fn check(&self, check: &mut Check<'_, '_, '_>, config: &Config) {
        let Some(webhooks) = &config.gateway.webhooks else { return };
        let is_local = is_of_this_machine(&webhooks.listen);
        if is_local.is_none() {
            let why = "must be an address of this machine and a port: \"127.0.0.1:8787\" is one";
            check.wrong(&[SECTION.as_slice(), &[Step::Key("listen")]].concat(), why);
        }
        let mut paths = HashSet::new();
        for (place, source) in webhooks.sources.iter().enumerate() {
            let member = |key| {
                [SECTION.as_slice(), &[Step::Key("sources"), Step::Place(place), Step::Key(key)]].concat()
            };
            if let Some(why) = wrong_path(&source.path) {
                check.wrong(&member("path"), why);
            }
            if !paths.insert(source.path.as_str()) {
                check.wrong(&member("path"), "another source has this path already");
            }
            if let Err(why) = Template::of(&source.topic) {
                check.wrong(&member("topic"), why.to_string());
            }
            let at = &[SECTION.as_slice(), &[Step::Key("sources"), Step::Place(place)]].concat();
            match (&source.secret, source.kind) {
                // Without showing it.
                (Some(_), _) if source.variable().is_none() => check.wrong(&member("secret"), NO_VARIABLE),
                (None, WebhookKind::Json) if is_local == Some(false) => check.wrong(at, UNSIGNED_AFAR),
                (None, kind) if kind != WebhookKind::Json => check.wrong(
                    at,
                    format!("has no \"secret\", with which {:?} signs: \"secret\": \"${{NAME}}\" names the variable that holds it", kind.as_str()),
                ),
                _ => {}
            }
        }
        check_rules(check, config);
        check_environments(check, config);
    }

    fn not_meant(&self, _: &Path, config: &Config) -> Vec<String> {
        let Some(webhooks) = &config.gateway.webhooks else { return Vec::new() };
        let unsigned = |source: &WebhookSource| {
            source.secret.is_none().then(|| {
                format!("the webhook {} has no secret: anyone on this machine may send events by it, agents included", source.path)
            })
        };
        let limited = config.rules.iter().filter_map(|rule| {
            let source = reaching(config, rule)?;
            Some(format!(
                "the rule {:?} can be triggered from outside, by the webhook {}, and names no agent: its tasks have one that only reads \
                 ({READER_PROFILE}); \"agent\" in its action names another",
                rule.id, source.path
            ))
        });
        whole(webhooks)
            .into_iter()
            .chain(webhooks.sources.iter().filter_map(unsigned))
            .chain(limited)
            .collect()
    }
}

const NO_VARIABLE: &str = "must name a variable of the daemon's environment, as \"${GITHUB_WEBHOOK_SECRET}\": agents can read this file, and others who have \
                           the project";

const UNSIGNED_AFAR: &str = "has no \"secret\", and \"listen\" can be reached from other machines: name a secret, or listen at 127.0.0.1";

/// Notices about all of them.
fn whole(webhooks: &WebhooksConfig) -> Vec<String> {
    let mut notices = Vec::new();
    if webhooks.sources.is_empty() {
        notices.push("gateway.webhooks has no sources, so nothing is listened to".to_owned());
    } else if is_of_this_machine(&webhooks.listen) == Some(false) {
        notices.push(format!(
            "gateway.webhooks.listen is {}, which other machines reach without TLS: a proxy or a tunnel to 127.0.0.1 is safer",
            webhooks.listen
        ));
    }
    notices
}

fn wrong_path(path: &str) -> Option<&'static str> {
    let may_be_in = |c: char| c.is_ascii_alphanumeric() || "/_.~-".contains(c);
    let is_good = path.starts_with('/') && path.chars().all(may_be_in);
    (!is_good).then_some("must be a path of A-Z a-z 0-9 / _ . ~ -, as \"/github\"")
}

/// Refuses rules that webhooks can trigger and whose agents cannot be limited to reading.
fn check_rules(check: &mut Check<'_, '_, '_>, config: &Config) {
    if Profile::of_readers(config).is_some() {
        return;
    }
    for (place, rule) in config.rules.iter().enumerate() {
        let Some(source) = reaching(config, rule) else { continue };
        let why = format!(
            "can be triggered from outside, by the webhook {}, and names no agent: of all programs only claude is known to be able to read and do \
             nothing else, and \"agent\" is not known to run it. Name one of \"agents\" here, as \"agent\": \"NAME\"",
            source.path
        );
        check.wrong(&[Step::Key("rules"), Step::Place(place), Step::Key("action")], why);
    }
}

/// Refuses environments of agents that are to have a secret.
fn check_environments(check: &mut Check<'_, '_, '_>, config: &Config) {
    let secrets: Vec<String> = secret_variables(config).map(|name| format!("${{{name}}}")).collect();
    let of_profiles = config
        .agents
        .iter()
        .map(|(name, profile)| (vec![Step::Key("agents"), Step::Key(name)], &profile.env));
    let of_rules = config.rules.iter().enumerate().map(|(place, rule)| {
        let Action::SubmitTask { env, .. } = &rule.action;
        (vec![Step::Key("rules"), Step::Place(place), Step::Key("action")], env)
    });
    let of_actions = config
        .actions
        .iter()
        .map(|(name, Action::SubmitTask { env, .. })| (vec![Step::Key("actions"), Step::Key(name)], env));
    for (at, env) in of_profiles.chain(of_rules).chain(of_actions) {
        for (name, value) in env {
            if let Some(secret) = secrets.iter().find(|secret| value.contains(secret.as_str())) {
                let why = format!("{secret} is the secret of a webhook, which no agent gets: take it out");
                check.wrong(&[at.as_slice(), &[Step::Key("env"), Step::Key(name)]].concat(), why);
            }
        }
    }
}
