//! The audit log: what was done about who may do what, and by whom.
//!
//! A deed is written down before it is done: nothing happens that is not in the log, and where the
//! log cannot be written nothing happens. What the store refuses after that (a name that was taken
//! meanwhile) stands there all the same.

use crate::authenticate::Signed;
use crate::doors::Doors;
use crate::tenants::governor_in;
use shelf_domain::audit::{Broken, Chain, Deed, Record, Seal, Sealed};
use shelf_domain::id::{DeviceId, PersonId, Scope, TenantId};
use shelf_domain::permit::Permits;
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::accounts::{Grant, GrantKind};
use shelf_ports::{Failure, Fault};

/// Most records of one page.
pub const PAGE_MAX: usize = 500;
/// Records read at once where the whole log is followed.
const AT_ONCE: usize = 1_000;

/// Who acts, and with which session, token or device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The person.
    pub person: PersonId,
    /// What they are signed in with; nothing while they come in.
    pub grant: Option<DeviceId>,
    /// What that may be used for.
    pub permits: Permits,
    /// When what they make with it ends at the latest, milliseconds.
    pub until: Option<i64>,
    /// The tenant whose identity provider it came by, as does what they make with it.
    pub provided_by: Option<TenantId>,
}

impl From<&Signed> for Actor {
    fn from(signed: &Signed) -> Self {
        let Grant { id, kind, expires_at, ref allows, provided_by, .. } = signed.grant;
        // A session ends by itself because a browser is left behind, not because it was limited.
        let until = if kind == GrantKind::Session { None } else { expires_at };
        let (person, permits) = (signed.person.id, allows.permits);
        Self { person, grant: Some(id), permits, until, provided_by }
    }
}

impl From<PersonId> for Actor {
    fn from(person: PersonId) -> Self {
        Self { person, grant: None, permits: Permits::EVERY, until: None, provided_by: None }
    }
}

/// What was followed of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// Where it ends.
    pub end: Chain,
    /// Where it does not hold, if anywhere; nothing after that was followed.
    pub broken: Option<Broken>,
}

/// Writes down that `by` is about to do `deed` to `subject` in `tenant`.
pub(crate) async fn record(
    doors: &Doors,
    tenant: TenantId,
    by: Actor,
    (deed, subject): (Deed, Option<[u8; 16]>),
    detail: impl Into<String>,
) -> Result<(), Fault> {
    let (at, Actor { person, grant, .. }) = (doors.clock.now_ms(), by);
    let record = Record { at, deed, person, grant, subject, detail: detail.into() };
    doors.audit.put_record(tenant, record).await.map(drop)
}

/// The same in the tenant the person came with, for what concerns them alone.
pub(crate) async fn record_own(
    doors: &Doors,
    by: Actor,
    (deed, subject): (Deed, Option<[u8; 16]>),
) -> Result<(), Fault> {
    match doors.accounts.person(by.person).await? {
        Some(person) => record(doors, person.tenant, by, (deed, subject), "").await,
        None => Ok(()),
    }
}

/// Writes down that a library leaves as a file.
pub async fn record_export(doors: &Doors, by: Actor, scope: Scope) -> Result<(), Fault> {
    record(doors, scope.tenant, by, (Deed::Exported, Some(scope.library.to_bytes())), "").await
}

/// Records of `tenant` before the `before`th, or the last ones, latest first; for admins.
#[tracing::instrument(skip_all)]
pub async fn list_records(
    doors: &Doors,
    by: PersonId,
    tenant: TenantId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Sealed>, Failure> {
    governor_in(doors, by, tenant).await?;
    Ok(doors.audit.records_before(tenant, before, limit.clamp(1, PAGE_MAX)).await?)
}

/// Records of `tenant` after the `after`th, oldest first; for admins, who take the log elsewhere.
#[tracing::instrument(skip_all)]
pub async fn read_on(
    doors: &Doors,
    by: PersonId,
    tenant: TenantId,
    after: u64,
    limit: usize,
) -> Result<Vec<Sealed>, Failure> {
    governor_in(doors, by, tenant).await?;
    Ok(doors.audit.records_after(tenant, after, limit.clamp(1, PAGE_MAX)).await?)
}

/// Where the log of `tenant` ends as it stands, followed or not; for admins.
#[tracing::instrument(skip_all)]
pub async fn end_of_log(
    doors: &Doors,
    by: PersonId,
    tenant: TenantId,
) -> Result<Option<Sealed>, Failure> {
    Ok(list_records(doors, by, tenant, None, 1).await?.pop())
}

/// Follows the whole log of `tenant`, for admins; where `known` (a place and its seal, kept
/// elsewhere) is not in it, that is told as broken: the log was cut off or written anew.
#[tracing::instrument(skip_all)]
pub async fn verify(
    doors: &Doors,
    by: PersonId,
    tenant: TenantId,
    known: Option<(u64, Seal)>,
) -> Result<Followed, Failure> {
    governor_in(doors, by, tenant).await?;
    Ok(follow(doors, tenant, known).await?)
}

/// The same for whoever runs the server.
pub async fn follow(
    doors: &Doors,
    tenant: TenantId,
    known: Option<(u64, Seal)>,
) -> Result<Followed, Fault> {
    let mut end = Chain::of(tenant);
    let mut met = known.is_none();
    loop {
        let page = doors.audit.records_after(tenant, end.n, AT_ONCE).await?;
        for next in &page {
            if let Err(broken) = end.follow(next) {
                return Ok(Followed { end, broken: Some(broken) });
            }
            met |= known == Some((end.n, end.seal));
        }
        if page.len() < AT_ONCE {
            let n = known.map_or(0, |(n, _)| n);
            let broken = (!met).then_some(Broken::Changed { n });
            return Ok(Followed { end, broken });
        }
    }
}

/// Reads a place and its seal as they are shown: `17:5f3a…`.
pub fn known_seal(text: &str) -> Result<(u64, Seal), Refused> {
    let read = || {
        let (n, seal) = text.trim().split_once(':')?;
        Some((n.parse().ok()?, seal.parse().ok()?))
    };
    read().ok_or_else(|| {
        let detail = "a seal is a number, a colon and 64 hexadecimal digits";
        Refused::new(Code::Invalid, "seal", detail)
    })
}
