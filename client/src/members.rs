//! The members of params that a daemon may be too old to know.

use aiwg_protocol::{ApiError, DaemonServiceRequest, ErrorKind, names::is_traceparent};

/// A member that a daemon may be too old to know, as a bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    /// `idempotencyKey`, of a key that this client has made.
    Key = 1,
    /// `traceparent`, of a trace as it should be.
    Trace = 2,
}

const MEMBERS: [Member; 2] = [Member::Key, Member::Trace];

impl Member {
    /// Its name on the wire.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Key => "idempotencyKey",
            Self::Trace => "traceparent",
        }
    }

    /// The one for which a daemon has refused a call.
    pub(crate) fn refused(error: &ApiError) -> Option<Self> {
        let name = error.data.member.as_deref().filter(|_| error.kind() == Some(ErrorKind::InvalidParams))?;
        MEMBERS.into_iter().find(|member| member.name() == name)
    }
}

/// Some of the members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Members(u8);

impl Members {
    /// Those that a request has which its caller has not given a key.
    pub(crate) fn of(request: &DaemonServiceRequest) -> Self {
        let mut members = Self::default();
        if let DaemonServiceRequest::EventEmit { params } = request
            && params.traceparent.as_deref().is_some_and(is_traceparent)
        {
            members.add(Member::Trace);
        }
        members
    }

    pub(crate) fn has(self, member: Member) -> bool {
        self.0 & member as u8 != 0
    }

    pub(crate) fn add(&mut self, member: Member) {
        self.0 |= member as u8;
    }

    pub(crate) fn remove(&mut self, member: Member) {
        self.0 &= !(member as u8);
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Member> {
        MEMBERS.into_iter().filter(move |member| self.has(*member))
    }
}

/// What is known of the daemon at the other end of a connection.
///
/// A call that is refused for a member which the daemon does not know is sent again without it. So that no order changes, a call is not sent
/// while one is in flight that may come back like that, and would then take effect after it.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    taken: Members,
    lacking: Members,
    /// The numbers of calls in flight that have each of the members.
    in_flight: [usize; MEMBERS.len()],
}

impl Knowledge {
    /// Those of some members that the daemon is too old for.
    pub(crate) fn lacking(&self, of: Members) -> Members {
        Members(self.lacking.0 & of.0)
    }

    fn in_flight(&self) -> impl Iterator<Item = Member> {
        MEMBERS.into_iter().zip(self.in_flight).filter(|(_, count)| *count > 0).map(|(member, _)| member)
    }

    /// True while calls are in flight that are about to be refused: nothing is sent before they are sent again.
    pub(crate) fn is_waiting(&self) -> bool {
        self.in_flight().any(|member| self.lacking.has(member))
    }

    /// True if a call may be sent now. One that changes nothing may, and one that would come back like those before it.
    pub(crate) fn may_follow(&self, is_safe: bool, optional: Members) -> bool {
        is_safe || self.in_flight().all(|member| self.taken.has(member) || optional.has(member))
    }

    /// A call with these members is in flight.
    pub(crate) fn sent(&mut self, optional: Members) {
        for (member, count) in MEMBERS.into_iter().zip(&mut self.in_flight) {
            *count += usize::from(optional.has(member));
        }
    }

    /// One is no longer.
    pub(crate) fn left(&mut self, optional: Members) {
        for (member, count) in MEMBERS.into_iter().zip(&mut self.in_flight) {
            *count = count.saturating_sub(usize::from(optional.has(member)));
        }
    }

    /// The daemon has carried out a call with these members.
    pub(crate) fn took(&mut self, optional: Members) {
        self.taken.0 |= optional.0;
    }

    /// The daemon has refused a call with these members for one. True if it is too old for that one.
    pub(crate) fn refused(&mut self, optional: Members, member: Member) -> bool {
        let is_unknown = optional.has(member) && !self.taken.has(member);
        if is_unknown {
            self.lacking.add(member);
        }
        is_unknown
    }
}
