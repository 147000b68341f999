//! The reason why the work of `claude` ended, by its result and by what came before it.
//!
//! All errors of its API exit with 1 and have the subtype "success"; which one it was stands in words of its own. A word that is not known
//! counts as absent, as `claude` asks for: it adds new ones with each version.

use super::{
    Format, Output,
    limits::Rejections,
    message::{DEFERRED, ResultMessage},
    output::Judged,
};
use crate::{
    evaluation::{Exit, Unknown},
    limit::Limit,
    plain::reason_of_exit,
    prose::{number_after, reset_after},
    reason::Reason,
};

/// The limit of the plan.
const USAGE_LIMIT: &str = "usage_limit_reached";

/// The text by which alone a limit by the minute is known from that of the plan.
const BY_THE_MINUTE: &str = "not your usage limit";

/// Values of `terminal_reason` with which the work ends without being done, and nothing more is to be said.
const FAILED_ENDS: &[&str] = &[
    "blocking_limit",
    "rapid_refill_breaker",
    "prompt_too_long",
    "image_error",
    "model_error",
    "malformed_tool_use_exhausted",
    "aborted_streaming",
    "aborted_tools",
    "stop_hook_prevented",
    "hook_stopped",
    "max_turns",
    "background_requested",
    "structured_output_retry_exhausted",
    "tool_deferred_unavailable",
    "turn_setup_failed",
];

/// The subtype of a result whose own budget is used up.
const MAX_BUDGET: &str = "error_max_budget_usd";

/// Values of `subtype` with which the work ends without being done.
const FAILED_SUBTYPES: &[&str] =
    &["error_during_execution", "error_max_turns", "error_max_structured_output_retries"];

/// Kinds of errors that do not pass by themselves, and that no login or credit mends.
const FAILED_ERRORS: &[&str] = &[
    "max_output_tokens",
    "dlp_request_denied",
    "claude_code_version_too_old",
    "safety_monitor_blocked",
    "hook_denied",
    "effort_requires_thinking",
    "advisor_incompatible",
    "tool_history_mismatch",
    "autocompact_thrashing",
    "pdf_too_large",
    "pdf_password_protected",
    "media_removed",
    "tls_untrusted_ca",
    "tls_cert_signature_failure",
    "gateway_content_type",
    "consent_unanswered",
    "no_allowed_fallback",
    "model_substitution_disabled",
    "field_not_granted",
    "empty_completion",
    "malformed_tool_use_exhausted",
    "unattended_start_limit",
    "unattended_start_unconfirmed",
    "message_over_context_limit",
    "network_edge_blocked",
    "named_profile_unusable",
    "invalid_request",
    "model_not_found",
    "not_found_error",
    "request_too_large",
];

/// The reason that each word of an error stands for: `error` of the model's last message, or `api_error` or `api_error_type` of the result. None
/// where it tells less than the HTTP status.
const ERRORS: &[(&str, Option<Reason>)] = &[
    ("authentication_failed", Some(Reason::Auth)),
    ("authentication_error", Some(Reason::Auth)),
    ("oauth_org_not_allowed", Some(Reason::Auth)),
    ("account_on_hold", Some(Reason::Auth)),
    ("verification_required", Some(Reason::Auth)),
    ("cloud_credential_error", Some(Reason::Auth)),
    ("stored_login_refused", Some(Reason::Auth)),
    ("oauth_refresh_store_refused", Some(Reason::Auth)),
    ("provider_credentials", Some(Reason::Auth)),
    ("gateway_signin_required", Some(Reason::Auth)),
    ("gateway_session_expired", Some(Reason::Auth)),
    ("api_key_auth_disabled", Some(Reason::Auth)),
    ("org_disabled_credential", Some(Reason::Auth)),
    ("invalid_credential_header", Some(Reason::Auth)),
    ("billing_error", Some(Reason::Billing)),
    ("model_requires_usage_credits", Some(Reason::Billing)),
    ("long_context_credits_required", Some(Reason::Billing)),
    ("overloaded", Some(Reason::Overloaded)),
    ("overloaded_error", Some(Reason::Overloaded)),
    ("server_error", Some(Reason::Overloaded)),
    ("api_error", Some(Reason::Overloaded)),
    ("timeout_error", Some(Reason::Overloaded)),
    ("connection_failed", Some(Reason::Overloaded)),
    ("no_response", Some(Reason::Overloaded)),
    ("stream_idle_timeout", Some(Reason::Overloaded)),
    ("computer_slept", Some(Reason::Overloaded)),
    (USAGE_LIMIT, Some(Reason::Limited)),
    ("rate_limit", None),
    ("rate_limit_error", None),
    ("permission_error", None),
    ("unknown", None),
    ("invalid_request_error", None),
];

/// Texts of errors that have no word of their own where the format is `json` or text, by their beginnings.
const TEXTS: &[(&str, Reason)] = &[
    ("Not logged in", Reason::Auth),
    ("Invalid API key", Reason::Auth),
    ("Failed to authenticate", Reason::Auth),
    ("Credit balance is too low", Reason::Billing),
    ("You've hit your ", Reason::Limited),
    ("Claude AI usage limit reached", Reason::Limited),
    ("API Error: Connection ", Reason::Overloaded),
    ("API Error: Server is temporarily limiting requests", Reason::Overloaded),
];

/// Maximum length of an error that is all of a text, in bytes: of a longer one the beginning may be missing.
const LONGEST_ERROR: usize = 2 * 1024;

/// Words before the HTTP status in an error's text.
const STATUS: &[&str] = &["API Error: Request rejected (", "API Error: "];

/// Words before the time of a reset.
const RESET: &[&str] = &["resets at ", "resets in ", "resets "];

/// Words before the time of a reset in seconds since 1970.
const RESET_SECONDS: &str = "limit reached|";

/// The reason why the work ended.
pub(super) fn reason(exit: &Exit<'_>, output: &Output, judged: &Judged, unknown: &mut Unknown) -> Reason {
    if output.format == Format::Text {
        return of_text(exit, judged);
    }
    match &judged.result {
        Some(result) if result.is_error => of_error(result, judged, unknown),
        Some(result) if !result.is_end_of_work() => broken_off(result, unknown),
        Some(_) if exit.ended_after_result => done(output),
        Some(_) => match reason_of_exit(exit) {
            Reason::Done => done(output),
            other => other,
        },
        // What did not say that it is done is not done.
        None => match reason_of_exit(exit) {
            Reason::Done => Reason::Failed,
            other => other,
        },
    }
}

/// The limit that is used up, where that is the reason.
pub(super) fn limit(reason: Reason, exit: &Exit<'_>, judged: &Judged) -> Option<Limit> {
    (reason == Reason::Limited).then(|| match judged.rejections.furthest() {
        Some(limit) => limit.clone(),
        None => {
            let result = judged.result.as_ref().and_then(|result| result.text.as_deref());
            let text = result.or(exit.stdout).unwrap_or_default();
            Limit { resets_at: number_after(text, RESET_SECONDS), ..reset_after(text, RESET) }
        }
    })
}

/// The reason where the output is text for people: that of an error stands there in place of the answer.
fn of_text(exit: &Exit<'_>, judged: &Judged) -> Reason {
    let by_exit = reason_of_exit(exit);
    if by_exit != Reason::Failed {
        return by_exit;
    }
    let text = exit.stdout.unwrap_or_default().trim_start();
    let status =
        STATUS.iter().filter(|words| text.starts_with(**words)).find_map(|words| number_after(text, words));
    match by_text(text).unwrap_or_else(|| of_status(status, text, &judged.rejections)) {
        // What holds an account back is all that it says: an answer of the model may begin with such words.
        Reason::Auth | Reason::Billing | Reason::Limited if !is_all(text) => Reason::Failed,
        reason => reason,
    }
}

/// True if this is all that the agent said, in one line.
fn is_all(text: &str) -> bool {
    text.len() <= LONGEST_ERROR && !text.trim_end().contains('\n')
}

fn by_text(text: &str) -> Option<Reason> {
    let text = text.replace('\u{2019}', "'");
    TEXTS.iter().find(|(beginning, _)| text.starts_with(beginning)).map(|(_, reason)| *reason)
}

fn done(output: &Output) -> Reason {
    if output.denial_count > 0 { Reason::Refused } else { Reason::Done }
}

/// The reason of a result that is no error, but no end of the work either.
fn broken_off(result: &ResultMessage, unknown: &mut Unknown) -> Reason {
    match result.terminal_reason.as_deref().unwrap_or_default() {
        DEFERRED => Reason::Deferred,
        "budget_exhausted" => Reason::Budget,
        known if FAILED_ENDS.contains(&known) || known == "api_error" => Reason::Failed,
        "" | "completed" => of_subtype(&result.subtype, unknown),
        other => {
            unknown.add("terminal_reason", other);
            Reason::Failed
        }
    }
}

/// The reason of a result that is no error by its subtype alone, which is not that of a success.
fn of_subtype(subtype: &str, unknown: &mut Unknown) -> Reason {
    if subtype == MAX_BUDGET {
        return Reason::Budget;
    }
    if !FAILED_SUBTYPES.contains(&subtype) {
        unknown.add("subtype", subtype);
    }
    Reason::Failed
}

fn of_error(result: &ResultMessage, judged: &Judged, unknown: &mut Unknown) -> Reason {
    match result.terminal_reason.as_deref() {
        _ if result.subtype == MAX_BUDGET => Reason::Budget,
        Some("api_error") | None => of_api_error(result, judged, unknown),
        Some(_) => broken_off(result, unknown),
    }
}

/// The reason by the first word that says it: the result's own kind, then that of the model's last message, then the type that the API gave.
fn of_api_error(result: &ResultMessage, judged: &Judged, unknown: &mut Unknown) -> Reason {
    let words = [&result.api_error, &judged.error, &result.api_error_type];
    // All of them are looked up: each that is not known counts.
    let known: Vec<Reason> = words.into_iter().flatten().filter_map(|word| of_word(word, unknown)).collect();
    let text = result.text.as_deref().unwrap_or_default();
    match known.first() {
        Some(reason) => *reason,
        None => by_text(text).unwrap_or_else(|| of_status(result.api_error_status, text, &judged.rejections)),
    }
}

fn of_word(word: &str, unknown: &mut Unknown) -> Option<Reason> {
    if FAILED_ERRORS.contains(&word) {
        return Some(Reason::Failed);
    }
    let known = ERRORS.iter().find(|(name, _)| *name == word);
    if known.is_none() {
        unknown.add("error", word);
    }
    known.and_then(|(_, reason)| *reason)
}

fn of_status(status: Option<u64>, text: &str, rejections: &Rejections) -> Reason {
    match status {
        Some(401 | 403) => Reason::Auth,
        Some(402) => Reason::Billing,
        Some(429) => too_many_requests(text, rejections),
        Some(408 | 500..=599) => Reason::Overloaded,
        _ => Reason::Failed,
    }
}

/// The reason of HTTP status 429 without more. A subscription's limit by the minute is rejected like that of the plan, but has no time of a
/// reset. With an API key there is no event, and nothing tells the two apart: that is a limit without a time.
fn too_many_requests(text: &str, rejections: &Rejections) -> Reason {
    match rejections.last() {
        Some(limit) if limit.resets_at.is_some() => Reason::Limited,
        Some(_) => Reason::Overloaded,
        None if text.contains(BY_THE_MINUTE) => Reason::Overloaded,
        None => Reason::Limited,
    }
}

#[cfg(test)]
#[path = "reason_tests.rs"]
mod tests;
