//! The senders of a configuration, ready to be answered.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use aiwg_model::Sender;
use aiwg_protocol::{
    config::{Config, WebhookSource},
    types::{Origin, OriginWebhook, Timestamp, WebhookStatus},
};

use crate::{
    gateways::http::Place,
    webhooks::{Secret, Template},
};

/// The senders, by their paths.
pub(super) struct Plan {
    pub(super) place: Place,
    pub(super) max_requests_per_second: u32,
    pub(super) sources: HashMap<String, Arc<Source>>,
    order: Vec<Arc<Source>>,
}

impl Plan {
    /// That of a configuration; none where it names no senders. Paths that were there `before` keep their numbers.
    pub(super) fn of(config: &Config, before: Option<&Self>) -> Option<Self> {
        let webhooks = config.gateway.webhooks.as_ref().filter(|webhooks| !webhooks.sources.is_empty())?;
        let of_path = |source: &WebhookSource| before?.sources.get(&source.path);
        let counts = |source| of_path(source).map(|before| Arc::clone(&before.counts)).unwrap_or_default();
        let as_before =
            |source: &WebhookSource| of_path(source).filter(|before| before.source == *source).cloned();
        let order: Vec<Arc<Source>> = webhooks
            .sources
            .iter()
            // What is no template is refused with the configuration.
            .filter_map(|source| {
                as_before(source).or_else(|| Some(Arc::new(Source::of(source, counts(source))?)))
            })
            .collect();
        Some(Self {
            place: Place {
                listen: webhooks.listen.clone(),
                max_connections: usize::try_from(webhooks.max_connections).unwrap_or(1).max(1),
            },
            max_requests_per_second: webhooks.max_requests_per_second,
            sources: order.iter().map(|source| (source.source.path.clone(), Arc::clone(source))).collect(),
            order,
        })
    }

    pub(super) fn has_secrets(&self) -> bool {
        self.order.iter().any(|source| source.is_signed())
    }

    /// The senders as the configuration has them.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.order.iter()
    }
}

/// A sender.
pub(super) struct Source {
    pub(super) source: WebhookSource,
    pub(super) template: Template,
    /// The secret; none for one that does not sign. Or why there is none, for people.
    pub(super) secret: Result<Option<Secret>, String>,
    /// Who it is, for the store.
    pub(super) sender: Arc<Sender>,
    counts: Arc<Counts>,
}

/// What has come to a path since the daemon started, whatever the configuration says of it.
#[derive(Default)]
struct Counts {
    accepted: AtomicU64,
    refused: AtomicU64,
    last_at: Mutex<Option<Timestamp>>,
}

impl Source {
    fn of(source: &WebhookSource, counts: Arc<Counts>) -> Option<Self> {
        let template = Template::of(&source.topic).ok()?;
        let origin = Origin {
            webhook: Some(OriginWebhook {
                path: source.path.clone(),
                kind: source.kind.as_str().to_owned(),
                signed: source.secret.is_some(),
            }),
            ..Origin::default()
        };
        Some(Self {
            source: source.clone(),
            template,
            secret: secret_of(source, |name| std::env::var(name).ok()),
            sender: Arc::new(Sender::new(origin)),
            counts,
        })
    }

    pub(super) fn path(&self) -> &str {
        &self.source.path
    }

    pub(super) fn is_signed(&self) -> bool {
        self.source.secret.is_some()
    }

    /// The reason for which nothing can be taken in from it, for people.
    pub(super) fn trouble(&self) -> Option<String> {
        self.secret.as_ref().err().cloned()
    }

    pub(super) fn note(&self, is_accepted: bool) {
        if !is_accepted {
            self.counts.refused.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.counts.accepted.fetch_add(1, Ordering::Relaxed);
        *self.counts.last_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Timestamp::now());
    }

    pub(super) fn status(&self) -> WebhookStatus {
        WebhookStatus {
            path: self.source.path.clone(),
            kind: self.source.kind.as_str().to_owned(),
            topic: self.source.topic.clone(),
            signed: self.is_signed(),
            accepted: self.counts.accepted.load(Ordering::Relaxed),
            refused: self.counts.refused.load(Ordering::Relaxed),
            last_at: *self.counts.last_at.lock().unwrap_or_else(PoisonError::into_inner),
            error: self.trouble(),
        }
    }
}

/// The secret of a sender, from the environment.
fn secret_of(source: &WebhookSource, get: impl Fn(&str) -> Option<String>) -> Result<Option<Secret>, String> {
    if source.secret.is_none() {
        return Ok(None);
    }
    // What names no variable is refused with the configuration.
    let name = source.variable().unwrap_or_default();
    let wrong = |why: &str| {
        format!(
            "nothing is taken in from the webhook {}: the variable {name} of the daemon's environment {why}; start the daemon with it set",
            source.path
        )
    };
    let text = get(name).ok_or_else(|| wrong("is not there"))?;
    Secret::of(source.kind, &text).map(Some).map_err(wrong)
}
