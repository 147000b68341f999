//! PostgreSQL's errors, as those of a store.

use aiwg_store::{ErrorKind, StoreError};
use tokio_postgres::error::SqlState;

/// The oldest PostgreSQL that is known to do, as `server_version_num` says it.
const OLDEST: i64 = 140_000;

/// The kind of a failure.
pub(super) fn kind(error: &tokio_postgres::Error) -> ErrorKind {
    let Some(state) = error.code() else {
        // Of what is not the server's word only a lost connection is no mistake of this program.
        return if error.is_closed() || has_io(error) { ErrorKind::Gone } else { ErrorKind::Other };
    };
    match state.code() {
        "55P03" | "40001" | "40P01" | "53300" => ErrorKind::Busy,
        "53100" => ErrorKind::Full,
        "XX001" | "XX002" => ErrorKind::Damaged,
        // A connection that failed or was ended, one that idled in a transaction included; a server that starts or stops, takes too long, or cannot be written
        // any more; a database that is not there.
        "25006" | "25P03" | "57014" | "57P01" | "57P02" | "57P03" | "57P05" | "3D000" => ErrorKind::Gone,
        code if code.starts_with("08") => ErrorKind::Gone,
        _ => ErrorKind::Other,
    }
}

/// PostgreSQL's error as that of a store.
pub(super) fn of(error: tokio_postgres::Error) -> StoreError {
    StoreError::new(kind(&error), text(&error))
}

/// The error of a store that cannot be opened, with its address, and what to do.
pub(super) fn at(place: &str) -> impl Fn(tokio_postgres::Error) -> StoreError + '_ {
    move |error| {
        let advice = match error.code() {
            Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
                ": the password is that of PGPASSWORD, or of the file that PGPASSFILE names (~/.pgpass)"
            }
            None if text(&error).contains("password missing") => {
                ": put the password into the file that PGPASSFILE names (~/.pgpass), which nobody else may be able to read (chmod 600), or into PGPASSWORD"
            }
            Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                ": the user must be allowed to create schemas in the database (GRANT CREATE ON DATABASE)"
            }
            Some(&SqlState::INVALID_CATALOG_NAME) => {
                ": create it (`createdb`), or name another one in the address"
            }
            Some(&SqlState::DISK_FULL) => ": make room on the server's disk",
            Some(&SqlState::TOO_MANY_CONNECTIONS) => {
                ": a daemon needs seven connections; raise max_connections, or end others'"
            }
            None if error.is_closed() || has_io(&error) => {
                ": see whether PostgreSQL runs there and can be reached, as with `psql`"
            }
            _ => "",
        };
        StoreError::new(kind(&error), cannot_be_used(place, &format!("{}{advice}", text(&error))))
    }
}

/// The words for a store that cannot be used.
pub(super) fn cannot_be_used(place: &str, why: &str) -> String {
    format!("the store {place} cannot be used: {why}")
}

/// The error of a store whose connection is lost.
pub(super) fn lost() -> StoreError {
    StoreError::new(ErrorKind::Gone, "the connection to the database is lost")
}

/// The error of a connection that could not be made again: whatever is the matter there, a password that is refused or a primary that has become a standby, it
/// is waited for, as for a server that is not there. Only what others have made of the project does not change back.
pub(super) fn away(error: StoreError) -> StoreError {
    match error.kind() {
        ErrorKind::Newer | ErrorKind::Foreign => error,
        _ => StoreError::new(ErrorKind::Gone, error.to_string()),
    }
}

/// Refuses a server that is too old, cannot be written, or has no texts in UTF-8.
pub(super) fn check_server(
    place: &str,
    version: i64,
    can_write: bool,
    encoding: &str,
) -> Result<(), StoreError> {
    let why = if version < OLDEST {
        format!(
            "its PostgreSQL is version {}, and aiwg needs {} or newer: upgrade it, or name another one",
            version / 10_000,
            OLDEST / 10_000
        )
    } else if encoding != "UTF8" {
        format!("its encoding is {encoding}, and aiwg needs UTF8: create the database with ENCODING 'UTF8'")
    } else if !can_write {
        "it is read-only, as a standby is: name the primary, or several hosts and target_session_attrs=read-write".to_owned()
    } else {
        return Ok(());
    };
    Err(StoreError::new(ErrorKind::Other, cannot_be_used(place, &why)))
}

fn text(error: &tokio_postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return format!("{} ({})", said.message(), said.code().code());
    }
    // The cause says more.
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{}", if error.to_string().contains(&cause) { "" } else { &cause })
}

fn has_io(error: &tokio_postgres::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(found) = cause {
        if found.is::<std::io::Error>() {
            return true;
        }
        cause = found.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_will_not_do_is_refused_with_words() {
        let refused = |version, can_write, encoding: &str| {
            check_server("postgres://db", version, can_write, encoding).err().unwrap().to_string()
        };
        assert!(
            refused(130_012, true, "UTF8").contains("version 13, and aiwg needs 14 or newer: upgrade it")
        );
        assert!(refused(150_001, false, "UTF8").contains("standby"));
        assert!(refused(150_001, true, "SQL_ASCII").contains("ENCODING 'UTF8'"));
        check_server("", 140_000, true, "UTF8").unwrap();
    }
}
