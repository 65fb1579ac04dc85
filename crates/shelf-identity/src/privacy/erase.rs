//! Erase a person who asked for it and did not take it back: in turns, each of which can break off.

use super::farewell::Farewells;
use super::recipients::teams;
use super::signing::signing_key;
use super::{PrivacyDoors, moment};
use crate::audit::record;
use crate::passwords::tries::{Way, key};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shelf_domain::audit::Deed;
use shelf_domain::id::{EndpointId, LibraryId, PersonId, Scope, TenantId};
use shelf_ports::Fault;
use shelf_ports::privacy::{Erasure, Receipt, Removed};
use shelf_ports::tenants::Holder;
use shelf_ports::webhooks::Endpoint;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How long a receipt is kept, milliseconds: thirty days.
pub const RECEIPT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Rows that are removed in one transaction.
pub const STEP: usize = 1_000;
/// Steps of one turn; what is left waits for the next one.
const STEPS_MAX: usize = 200;

/// What stays, and why, in the words of a receipt.
const STAYS: [&str; 3] = [
    "what was written in libraries of others stays there; its author is an id that names nobody",
    "audit logs of teams hold ids and words of the program, so that each can still be checked; the \
     ids name nobody any more",
    "backups made before are sealed with keys that are destroyed; what is left of those keys is the \
     keys file beside the backups, until the next backup writes it anew, and copies of it",
];

/// What is kept of a library and a person beside the records: indexes and files, and what others were
/// sent of it.
#[async_trait]
pub trait Beside: fmt::Debug + Send + Sync {
    /// Tells `endpoints` of libraries that go that all they were sent is erased, each once; those that
    /// took it. Waits for a bounded time, and no failure of theirs is one here.
    async fn tell(&self, endpoints: Vec<(Scope, Endpoint)>) -> Vec<EndpointId>;

    /// Forgets what is kept of the library `scope`, whose content is gone.
    async fn forget(&self, scope: Scope) -> Result<(), Fault>;

    /// Sees to it that nothing of what was forgotten is left in files.
    async fn scrub(&self) -> Result<(), Fault>;
}

/// What is left to do and what was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Plan {
    /// Libraries that are still to be removed.
    libraries: Vec<(TenantId, LibraryId)>,
    /// Tenants that go with them.
    tenants: Vec<TenantId>,
    /// Whether the teams that stay were told.
    told: bool,
    /// What was removed so far.
    removed: Removed,
    /// How many of each kind were given something before.
    recipients: BTreeMap<String, u64>,
    /// Who was sent something of what goes, and whether they were told.
    #[serde(default)]
    farewells: Farewells,
}

/// Works on an erasure that is due for one turn; whether it is done, or was taken back. Whatever breaks
/// off goes on where it stood.
#[tracing::instrument(skip_all)]
pub async fn erase(
    doors: &PrivacyDoors,
    erasure: &Erasure,
    beside: &dyn Beside,
) -> Result<bool, Fault> {
    let person = erasure.person;
    let Some((erasure, mut plan)) = begun(doors, erasure).await? else { return Ok(true) };
    // While there are keys to sign it with.
    tell_receivers(doors, person, &mut plan, beside).await?;
    let mut steps = 0;
    while let Some((tenant, library)) = plan.libraries.last().copied() {
        let scope = Scope { tenant, library };
        if !is_there(doors, scope).await? {
            // It went, and the turn broke off before that was written down.
            plan.libraries.pop();
            continue;
        }
        if !emptied(doors, scope, &mut plan, &mut steps).await? {
            keep(doors, person, &plan).await?;
            return Ok(false);
        }
        // The log is gone before the index is told, so that nothing comes back from it.
        beside.forget(scope).await?;
        let step = doors.privacy.remove_library(scope).await?;
        plan.removed.join(step.removed);
        if step.is_done {
            plan.libraries.pop();
        }
        keep(doors, person, &plan).await?;
    }
    if late(doors, person, &mut plan).await? {
        keep(doors, person, &plan).await?;
        return Ok(false);
    }
    for tenant in &plan.tenants {
        plan.removed.join(doors.privacy.remove_tenant(*tenant).await?);
    }
    if !plan.told {
        for team in teams(doors, person).await? {
            let deed = (Deed::Erased, Some(person.to_bytes()));
            record(doors.doors(), team.id, person.into(), deed, "").await?;
        }
        plan.told = true;
    }
    plan.removed.join(doors.privacy.remove_person(person).await?);
    keep(doors, person, &plan).await?;
    beside.scrub().await?;
    doors.privacy.scrub().await?;
    let receipt = written(doors, &erasure, &plan).await?;
    doors.privacy.end_erasure(person, &receipt).await?;
    tracing::info!(rows = plan.removed.total(), "a person was erased");
    Ok(true)
}

/// The erasure as it stands with what is left to do; where nothing was begun, all that acts for the
/// person ends with this. `None` where it was taken back since it was found to be due: what was found
/// is never believed, what is kept is.
async fn begun(doors: &PrivacyDoors, found: &Erasure) -> Result<Option<(Erasure, Plan)>, Fault> {
    let person = found.person;
    let mut removed = Removed::default();
    if found.begun_at.is_none() {
        let text = text_of(&planned(doors, person).await?)?;
        let now = doors.doors().clock.now_ms();
        removed = doors.privacy.begin_erasure(person, now, &text).await?;
    }
    let kept = doors.privacy.erasure(person).await?;
    let Some(kept) = kept.filter(|kept| kept.begun_at.is_some()) else { return Ok(None) };
    let mut plan = read(&kept.plan)?;
    if removed.total() > 0 {
        plan.removed.join(removed);
        keep(doors, person, &plan).await?;
    }
    Ok(Some((kept, plan)))
}

/// What is to be done about `person`, of whom nothing was removed yet.
async fn planned(doors: &PrivacyDoors, person: PersonId) -> Result<Plan, Fault> {
    let mut plan = Plan::default();
    for recipient in super::recipients::recipients(doors, person).await? {
        *plan.recipients.entry(recipient.kind.to_owned()).or_default() += 1;
    }
    (plan.libraries, plan.tenants) = theirs(doors, person).await?;
    if let Some(stored) = doors.passwords.credentials.credential_of(person).await? {
        for way in [Way::Password, Way::Code] {
            doors.passwords.credentials.forgive(key(way, stored.login.shown())).await?;
        }
    }
    Ok(plan)
}

/// The tenants nobody but `person` belongs to with their libraries, and the libraries of others that
/// nobody else may use.
async fn theirs(
    doors: &PrivacyDoors,
    person: PersonId,
) -> Result<(Vec<(TenantId, LibraryId)>, Vec<TenantId>), Fault> {
    let (identity, mut libraries, mut tenants) = (doors.doors(), Vec::new(), Vec::new());
    let shared: BTreeSet<TenantId> =
        teams(doors, person).await?.into_iter().map(|team| team.id).collect();
    for (tenant, _) in identity.tenants.tenants_of(person).await? {
        let stays = shared.contains(&tenant.id);
        for library in identity.tenants.libraries_of(tenant.id).await? {
            if !stays || is_theirs_alone(doors, library.scope(), person).await? {
                libraries.push((tenant.id, library.id));
            }
        }
        if !stays {
            tenants.push(tenant.id);
        }
    }
    Ok((libraries, tenants))
}

/// Tells the receivers of what is in libraries that go. Written down first, so that nobody is told
/// twice where it breaks off.
async fn tell_receivers(
    doors: &PrivacyDoors,
    person: PersonId,
    plan: &mut Plan,
    beside: &dyn Beside,
) -> Result<(), Fault> {
    let due = plan.farewells.due(doors, &plan.libraries).await?;
    if due.is_empty() {
        return Ok(());
    }
    let due = plan.farewells.noted(due);
    keep(doors, person, plan).await?;
    let took = beside.tell(due).await;
    plan.farewells.took(&took);
    keep(doors, person, plan).await
}

/// Looks once more at what goes, when all that was known is gone: what was under way when it began may
/// have made a tenant or a library, and others may have come or left. Whether libraries are left.
async fn late(doors: &PrivacyDoors, person: PersonId, plan: &mut Plan) -> Result<bool, Fault> {
    (plan.libraries, plan.tenants) = theirs(doors, person).await?;
    Ok(!plan.libraries.is_empty())
}

async fn is_there(doors: &PrivacyDoors, scope: Scope) -> Result<bool, Fault> {
    let libraries = doors.doors().tenants.libraries_of(scope.tenant).await?;
    Ok(libraries.iter().any(|library| library.id == scope.library))
}

/// Whether nobody but `person` may use a library.
async fn is_theirs_alone(
    doors: &PrivacyDoors,
    scope: Scope,
    person: PersonId,
) -> Result<bool, Fault> {
    let shares = doors.doors().tenants.shares(scope).await?;
    let theirs = Holder::Person(person);
    Ok(!shares.is_empty() && shares.iter().all(|share| share.holder == theirs))
}

/// Removes what is in a library, as far as the turn goes; whether all of it is gone.
async fn emptied(
    doors: &PrivacyDoors,
    scope: Scope,
    plan: &mut Plan,
    steps: &mut usize,
) -> Result<bool, Fault> {
    while *steps < STEPS_MAX {
        let step = doors.privacy.empty_library(scope, STEP).await?;
        plan.removed.join(step.removed);
        if step.is_done {
            return Ok(true);
        }
        *steps += 1;
        tokio::task::yield_now().await;
    }
    Ok(false)
}

async fn keep(doors: &PrivacyDoors, person: PersonId, plan: &Plan) -> Result<(), Fault> {
    doors.privacy.put_plan(person, &text_of(plan)?).await
}

fn text_of(plan: &Plan) -> Result<String, Fault> {
    serde_json::to_string(plan).map_err(|error| Fault::new("keeping how far an erasure is", error))
}

fn read(plan: &str) -> Result<Plan, Fault> {
    serde_json::from_str(plan).map_err(|error| Fault::new("reading how far an erasure is", error))
}

/// The receipt: what was removed, which receivers were told, what stays and why, signed. It names nobody
/// but the places webhooks led to.
async fn written(doors: &PrivacyDoors, erasure: &Erasure, plan: &Plan) -> Result<Receipt, Fault> {
    let (key, now) = (signing_key(doors).await?, doors.doors().clock.now_ms());
    let said = json!({
        "format": "mindshelf-erasure-receipt",
        "version": 1,
        "receipt": erasure.receipt.to_string(),
        "asked_at": moment(erasure.asked_at),
        "ended_at": moment(now),
        "removed": plan.removed,
        "recipients": plan.recipients,
        "webhooks": plan.farewells.lines(),
        "stays": STAYS,
    });
    let text = said.to_string();
    let body = json!({ "signature": key.sign_text(&text), "key": key.public(), "text": text });
    let until = now.saturating_add(RECEIPT_MS);
    Ok(Receipt { id: erasure.receipt, until, body: body.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_an_erasure_is_survives_being_kept() {
        let mut plan = Plan {
            libraries: vec![(TenantId::from_bytes([1; 16]), LibraryId::from_bytes([2; 16]))],
            tenants: vec![TenantId::from_bytes([1; 16])],
            ..Plan::default()
        };
        plan.removed.add("log", 7);
        assert_eq!(read(&text_of(&plan).unwrap()).unwrap(), plan);
        assert!(read("").is_err());
    }
}
