//! Whoever runs the server: who they are, and what they see and decide about tenants. They see names
//! and numbers, and nothing of what is in a library.
//!
//! For everybody else all of this is as absent as what never was.

use crate::audit::{Actor, record};
use crate::doors::Doors;
use crate::quotas::Quotas;
use crate::tenants::absent;
use crate::usage::{TenantUse, used};
use shelf_domain::audit::Deed;
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
    record(doors, person.tenant, by, (deed, Some(person.id.to_bytes())), "").await?;
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
/// runs the server. It stands in the audit log of that tenant.
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
    record(doors, tenant, by, (Deed::PlanGiven, Some(tenant.to_bytes())), detail).await?;
    let is_there = quotas.give_plan(tenant, plan).await?;
    if is_there { Ok(()) } else { Err(absent(tenant).into()) }
}

/// Refused `not_found` for whoever does not run the server.
async fn operates(doors: &Doors, person: PersonId) -> Result<(), Failure> {
    if is_operator(doors, person).await? {
        return Ok(());
    }
    Err(Refused::not_found("such page for you").into())
}
