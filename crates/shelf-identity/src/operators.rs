//! Whoever runs the server: who they are, and what they see and decide about tenants. They see names
//! and numbers, and nothing of what is in a library.
//!
//! For everybody else all of this is as absent as what never was.

use crate::audit::{Actor, record};
use crate::doors::Doors;
use crate::quotas::Quotas;
use crate::tenants::absent;
use crate::usage::{TenantUse, used};
use shelf_domain::audit::{Deed, Record};
use shelf_domain::id::{PersonId, TenantId};
use shelf_domain::plan::Plan;
use shelf_domain::refusal::Refused;
use shelf_ports::accounts::Person;
use shelf_ports::tenants::Tenant;
use shelf_ports::{Failure, Fault};

/// The setting of a person that says whether they run the server.
const OPERATOR: &str = "operator";
/// What it says of who does.
const YES: &str = "yes";
/// What it says of who does no more.
const NO: &str = "no";
/// What whoever runs the server does as such.
const DEEDS: [Deed; 3] = [Deed::PlanGiven, Deed::OperatorNamed, Deed::OperatorEnded];
/// Records of a log that are looked through for them.
pub const LOOKED_MAX: usize = 500;

/// Whether `person` runs the server.
pub async fn is_operator(doors: &Doors, person: PersonId) -> Result<bool, Fault> {
    Ok(doors.accounts.setting(person, OPERATOR).await?.as_deref() == Some(YES))
}

/// Lets whoever came first run the server, unless that was decided already.
pub(crate) async fn begin_with(doors: &Doors, person: PersonId) -> Result<(), Fault> {
    if doors.accounts.setting(person, OPERATOR).await?.is_none() {
        doors.accounts.put_setting(person, OPERATOR, YES).await?;
    }
    Ok(())
}

/// Lets a person run the server, or no more; asked on the machine itself, by its owner's key. Who it
/// is, is said by their id or, where no other has it, their name.
#[tracing::instrument(skip_all)]
pub async fn name_operator(
    doors: &Doors,
    by: Actor,
    who: &str,
    runs: bool,
) -> Result<Person, Failure> {
    let mut people = doors.accounts.people().await?;
    people.retain(|person| person.id.to_string() == who || person.name == who);
    let person = match people.pop() {
        Some(person) if people.is_empty() => person,
        Some(_) => return Err(Refused::invalid("who", "several are called so; say an id").into()),
        None => return Err(Refused::not_found(format!("person {who:?}")).into()),
    };
    let (word, deed) = if runs { (YES, Deed::OperatorNamed) } else { (NO, Deed::OperatorEnded) };
    note(doors, person.tenant, by, (deed, person.id.to_bytes()), "").await?;
    doors.accounts.put_setting(person.id, OPERATOR, word).await?;
    Ok(person)
}

/// A page of tenants with what they use, by id, after `after`; for whoever runs the server.
#[tracing::instrument(skip_all)]
pub async fn all_tenants(
    doors: &Doors,
    quotas: &Quotas,
    by: PersonId,
    after: Option<TenantId>,
    limit: usize,
) -> Result<Vec<(Tenant, TenantUse)>, Failure> {
    operates(doors, by).await?;
    let mut all = Vec::new();
    for tenant in quotas.tenants_after(after, limit).await? {
        let uses = used(quotas, tenant.id).await?;
        all.push((tenant, uses));
    }
    Ok(all)
}

/// One tenant with what it uses; for whoever runs the server.
#[tracing::instrument(skip_all)]
pub async fn one_tenant(
    doors: &Doors,
    quotas: &Quotas,
    by: PersonId,
    id: TenantId,
) -> Result<(Tenant, TenantUse), Failure> {
    operates(doors, by).await?;
    let tenant = doors.tenants.tenant(id).await?.ok_or_else(|| absent(id))?;
    Ok((tenant, used(quotas, id).await?))
}

/// Gives a tenant a plan, or takes it back, so that it is on that of the installation; for whoever
/// runs the server. It stands in the audit log of that tenant, and in that of who gave it.
#[tracing::instrument(skip_all)]
pub async fn give_plan(
    doors: &Doors,
    quotas: &Quotas,
    by: Actor,
    tenant: TenantId,
    plan: Option<Plan>,
) -> Result<(), Failure> {
    operates(doors, by.person).await?;
    if doors.tenants.tenant(tenant).await?.is_none() {
        return Err(absent(tenant).into());
    }
    let detail = plan.map_or("", Plan::name);
    note(doors, tenant, by, (Deed::PlanGiven, tenant.to_bytes()), detail).await?;
    let is_there = quotas.give_plan(tenant, plan).await?;
    if is_there { Ok(()) } else { Err(absent(tenant).into()) }
}

/// Writes down that `by` is about to do `deed` to `subject`: in the log of `tenant`, whom it concerns,
/// and in that of the tenant they came with, where they find what they did.
async fn note(
    doors: &Doors,
    tenant: TenantId,
    by: Actor,
    (deed, subject): (Deed, [u8; 16]),
    detail: &str,
) -> Result<(), Fault> {
    let own = doors.accounts.person(by.person).await?.map(|person| person.tenant);
    let also = own.filter(|own| *own != tenant);
    for log in [Some(tenant), also].into_iter().flatten() {
        record(doors, log, by, (deed, Some(subject)), detail).await?;
    }
    Ok(())
}

/// Something whoever runs the server did as such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnDeed {
    /// When, milliseconds.
    pub at: i64,
    /// What.
    pub deed: Deed,
    /// To which team, or whom: the 16 bytes of the id.
    pub subject: Option<[u8; 16]>,
    /// What that is called; empty where it is not there any more.
    pub name: String,
    /// The plan that was given; nothing where one was taken back.
    pub plan: Option<Plan>,
}

/// What `by` did as who runs the server, latest first, at most `limit`, of the last [`LOOKED_MAX`]
/// records of the tenant they came with; for whoever runs the server, each their own.
#[tracing::instrument(skip_all)]
pub async fn own_deeds(doors: &Doors, by: PersonId, limit: usize) -> Result<Vec<OwnDeed>, Failure> {
    operates(doors, by).await?;
    let Some(person) = doors.accounts.person(by).await? else { return Ok(Vec::new()) };
    let records = doors.audit.records_before(person.tenant, None, LOOKED_MAX).await?;
    let own = |record: &Record| record.person == by && DEEDS.contains(&record.deed);
    let records = records.into_iter().map(|sealed| sealed.record).filter(own).take(limit);
    let mut all = Vec::new();
    for Record { at, deed, subject, detail, .. } in records {
        let name = name_of(doors, deed, subject).await?;
        all.push(OwnDeed { at, deed, subject, name, plan: Plan::named(&detail) });
    }
    Ok(all)
}

/// What the team or person a deed was done to is called now.
async fn name_of(doors: &Doors, deed: Deed, subject: Option<[u8; 16]>) -> Result<String, Fault> {
    let Some(id) = subject else { return Ok(String::new()) };
    let name = if deed == Deed::PlanGiven {
        doors.tenants.tenant(TenantId::from_bytes(id)).await?.map(|tenant| tenant.name)
    } else {
        doors.accounts.person(PersonId::from_bytes(id)).await?.map(|person| person.name)
    };
    Ok(name.unwrap_or_default())
}

/// Refused `not_found` for whoever does not run the server.
async fn operates(doors: &Doors, person: PersonId) -> Result<(), Failure> {
    if is_operator(doors, person).await? {
        return Ok(());
    }
    Err(Refused::not_found("such page for you").into())
}
