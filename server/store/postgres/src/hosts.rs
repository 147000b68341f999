//! The hosts that share a project: joining it, and coming back to it.

use aiwg_model::HostRow;
use aiwg_store::{ErrorKind, Result, Store, StoreError};
use aiwg_store_sql::{Backend, Row, Value};

use super::{
    error::cannot_be_used,
    store::{PostgresStore, has_lost},
};

/// What a daemon is told that has come to an end.
const TAKEN: &str = "another daemon has opened this store since, and this one can write there no more: end this one (`aiwg daemon stop`), or that one";

/// What is no id of a host.
const NO_ID: &str =
    "the id of this host, in .aiwg/daemon, is no UUID: `aiwg daemon start --adopt-state` makes a new one";

/// What is said of a host that keeps somebody from being alone with a store.
#[must_use]
pub fn in_the_way(other: &HostRow) -> String {
    format!(
        "it is another project's, or another host of this one's, {}: name this one's own with ?project=NAME in the address, or end the daemon there (`aiwg daemon stop`), \
         and give up a host that is gone (`aiwg host lost`)",
        other.place
    )
}

/// The host that shares the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// Its id.
    pub(super) id: String,
    /// The number of its start: one with the same id that comes later has a higher one.
    pub(super) instance: u64,
}

impl Joined {
    /// What finds its row, unless a later one has its id.
    pub(super) fn is_its_row(&self) -> String {
        format!("id = '{}' AND instance = {}", self.id, self.instance)
    }
}

impl PostgresStore {
    /// Has this host, of which all is given but the instance and the times, share the project. From then on no daemon of the same id that has come before can
    /// write. With `adopt` all others are given up, and what ran on them is this one's.
    ///
    /// # Errors
    /// The database cannot be written, or the id is none.
    pub fn join(&mut self, host: &HostRow, adopt: bool) -> Result<Joined> {
        self.join_if(host, adopt, |_| false)
    }

    /// The same for somebody who is no daemon, and has to be alone: refused while a host is known of which this is true. It counts as one that has ended.
    ///
    /// # Errors
    /// [`ErrorKind::Foreign`]: there is one.
    pub fn take_alone(&mut self, host: &HostRow, is_in_the_way: impl Fn(&HostRow) -> bool) -> Result<Joined> {
        self.join_if(host, false, is_in_the_way)?;
        let joined = self.host.clone();
        let mut tx = self.begin()?;
        let mine = tx.hosts()?.into_iter().find(|known| known.id == host.id);
        if let Some(mine) = mine {
            tx.set_host(&HostRow { left_at: Some(mine.seen_at), ..mine })?;
        }
        tx.commit()?;
        joined.ok_or_else(|| StoreError::new(ErrorKind::Other, NO_ID))
    }

    fn join_if(
        &mut self,
        host: &HostRow,
        adopt: bool,
        is_in_the_way: impl Fn(&HostRow) -> bool,
    ) -> Result<Joined> {
        self.host = None;
        if host.id.len() != 36 || !host.id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
            return Err(StoreError::new(ErrorKind::Other, NO_ID));
        }
        self.begin_writing()?;
        match self.take_it(host, adopt, is_in_the_way) {
            Ok(joined) => {
                Backend::commit(self)?;
                self.host = Some(joined.clone());
                Ok(joined)
            }
            Err(refused) => {
                self.undo()?;
                Err(refused)
            }
        }
    }

    /// The same, within a transaction.
    fn take_it(
        &mut self,
        host: &HostRow,
        adopt: bool,
        is_in_the_way: impl Fn(&HostRow) -> bool,
    ) -> Result<Joined> {
        let others = self.writer.hosts()?;
        if let Some(other) = others.iter().find(|other| other.id != host.id && is_in_the_way(other)) {
            let why = cannot_be_used(&self.address.place, &in_the_way(other));
            return Err(StoreError::new(ErrorKind::Foreign, why));
        }
        let text = |text: &str| Value::Text(text.to_owned().into());
        let project = self.address.project.clone();
        let instance = self
            .writer
            .statement("UPDATE project SET owner = ?, place = ?, instance = instance + 1 WHERE id = ? RETURNING instance")?
            .only(&[text(&host.id), text(&host.place), text(&project)], |row| row.get::<u64>(0))?;
        let at = self.began_at;
        let mut draining_at = None;
        for known in others {
            if known.id == host.id {
                draining_at = known.draining_at;
            } else if adopt {
                self.writer.lose_host(&known.id, None, at)?;
                // Nothing waits for them any more.
                self.writer.set_host(&HostRow {
                    labels: Vec::new(),
                    lost_at: known.lost_at.or(Some(at)),
                    ..known
                })?;
            }
        }
        if adopt {
            // What ran on the others is nobody's until the engine interrupts it. What ran in this very directory, under another id, is looked for here.
            self.writer
                .statement(
                    "UPDATE run SET host = ?1 || host WHERE ended_at IS NULL
                         AND host IN (SELECT id FROM host WHERE id <> ?2 AND place <> ?3)",
                )?
                .execute(&[text(HostRow::GIVEN_UP), text(&host.id), text(&host.place)])?;
            self.writer
                .statement(
                    "UPDATE run SET host = ?1 WHERE ended_at IS NULL AND (host IS NULL OR host NOT LIKE ?2)",
                )?
                .execute(&[text(&host.id), text(&format!("{}%", HostRow::GIVEN_UP))])?;
        }
        let row = HostRow { instance, started_at: at, seen_at: at, draining_at, ..host.clone() };
        self.writer.set_host(&row)?;
        Ok(Joined { id: row.id, instance })
    }

    /// Shares the project again after others have given this host up. What ran here is none of it any more: they have said so in the store.
    pub(super) fn come_back(&mut self) -> Result<()> {
        let Some(id) = self.host.as_ref().map(|host| host.id.clone()) else { return Ok(()) };
        tracing::warn!(
            "the other hosts have given this one up; what ran here counts as interrupted, and it takes part again"
        );
        let values = [Value::Integer(self.began_at.as_millis()), Value::Text(id.into())];
        self.writer
            .statement("UPDATE host SET lost_at = NULL, seen_at = ? WHERE id = ?")?
            .execute(&values)
            .map(drop)
    }

    /// Refuses to go on where another daemon has taken the project, or the database has lost that this one has.
    pub(super) fn check_instance(&self, instance: &str) -> Result<()> {
        let Some(me) = self.host.as_ref().map(|host| host.instance) else { return Ok(()) };
        match instance.parse::<u64>() {
            Ok(instance) if instance == me => Ok(()),
            Ok(instance) if instance > me => Err(StoreError::new(ErrorKind::Foreign, TAKEN)),
            _ => Err(has_lost("it does not know that this daemon has opened it")),
        }
    }

    /// What is in a column of this host's row, a number; 0 where there is none.
    pub(super) fn its(&self, column: &str) -> String {
        match &self.host {
            Some(host) => format!("coalesce((SELECT {column} FROM host WHERE id = '{}'), 0)", host.id),
            None => "0".to_owned(),
        }
    }
}
