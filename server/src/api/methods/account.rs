use std::time::Duration;

use aiwg_model::Hold;
use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{
        Account as Row, AccountList, AccountResumeParams, AccountResumed, AccountState, AccountWindow,
        NoParams, Timestamp,
    },
};
use tokio::time::timeout;

use super::check;
use crate::{
    accounts::{Account, InUse, Policy, resumes_at},
    api::Handler,
    engine::state_of,
    reload::accounts_of,
};

/// Longest wait for the user's other daemons to know that an account was resumed.
const SHARED_WITHIN: Duration = Duration::from_secs(2);

pub(crate) async fn account_list(handler: &Handler, _: NoParams) -> Result<AccountList, ApiError> {
    let (mut known, in_use) = (handler.context.accounts.all(), in_use(handler));
    let now = Timestamp::now();
    // One of which nothing is known is good.
    for account in in_use.all() {
        let row = known.entry(account.id.clone()).or_default();
        row.program.clone_from(&account.program);
        row.login.clone_from(&account.login);
    }
    let mut rows: Vec<Row> = known
        .into_iter()
        .map(|(id, account)| {
            let is_used = in_use.all().any(|used| used.id == id);
            row(id, account, is_used, &in_use.policy, now)
        })
        .collect();
    rows.sort_by(|one, other| (!one.is_used, &one.id).cmp(&(!other.is_used, &other.id)));
    Ok(AccountList { accounts: rows })
}

pub(crate) async fn account_resume(
    handler: &Handler,
    params: AccountResumeParams,
) -> Result<AccountResumed, ApiError> {
    let named = params.account.as_deref();
    check::name("account", named.unwrap_or_default())?;
    if named == Some("") {
        return Err(ApiError::invalid_member("account", "the member \"account\" must not be empty"));
    }
    let (known, in_use) = (&handler.context.accounts, in_use(handler));
    let ids: Vec<String> = match named {
        None => in_use.all().map(|account| account.id.clone()).collect(),
        Some(named) => vec![the_one(named, known, &in_use)?],
    };
    let now = Timestamp::now();
    let resumed: Vec<String> = ids.into_iter().filter(|id| known.resume(id, &in_use.policy, now)).collect();
    if !resumed.is_empty() {
        tracing::info!(accounts = %resumed.join(", "), "someone has lifted what held the agents' account back");
        // The others of the user hear of it before the answer, if their file can be written.
        let _ = timeout(SHARED_WITHIN, known.are_shared()).await;
    }
    let tasks = match named {
        None => handler.command(handler.context.engine.release(Hold::LIMIT, String::new())).await?,
        Some(_) => Vec::new(),
    };
    // What waited for it starts with the next transaction.
    handler.command(handler.context.engine.look_at_accounts()).await?;
    Ok(AccountResumed { resumed, tasks: tasks.iter().map(ToString::to_string).collect() })
}

fn in_use(handler: &Handler) -> InUse {
    accounts_of(&handler.context.settings.get().config)
}

/// The id that begins so, if it is one only.
fn the_one(named: &str, known: &crate::accounts::Accounts, in_use: &InUse) -> Result<String, ApiError> {
    let mut ids: Vec<String> = known.all().into_keys().collect();
    ids.extend(in_use.all().map(|account| account.id.clone()));
    ids.retain(|id| id.starts_with(named));
    ids.sort_unstable();
    ids.dedup();
    match ids.as_slice() {
        [id] => Ok(id.clone()),
        [] => Err(not_found(format!("there is no account {named:?}; `aiwg account list` shows all"))),
        _ => {
            Err(not_found(format!("several accounts have an id that begins with {named:?}: give more of it")))
        }
    }
}

fn not_found(message: String) -> ApiError {
    ApiError::new(ErrorKind::AccountNotFound, message)
}

fn row(id: String, account: Account, is_used: bool, policy: &Policy, now: Timestamp) -> Row {
    let pause = account.pause.as_ref();
    let reserved = account.reserved(policy, now);
    let until = match pause {
        Some(pause) => resumes_at(pause, policy),
        None => reserved.as_ref().map(|(_, until)| *until),
    };
    let state = match pause.map(state_of) {
        Some(AccountState::Limited) if until.is_some_and(|until| until <= now) => AccountState::Probing,
        Some(_) if pause.is_some_and(|pause| pause.is_mended) => AccountState::Probing,
        Some(state) => state,
        None if reserved.is_some() => AccountState::Reserved,
        None => AccountState::Ready,
    };
    let window = |(name, window): (String, crate::accounts::WindowUse)| AccountWindow {
        name,
        utilization: window.utilization,
        resets_at: window.resets_at,
        seen_at: window.seen_at,
    };
    Row {
        id,
        is_used,
        state,
        since: pause.map(|pause| pause.since),
        until,
        window: pause.and_then(|pause| pause.window.clone()).or(reserved.map(|(window, _)| window)),
        program: account.program,
        login: account.login,
        windows: account.windows.into_iter().map(window).collect(),
    }
}
