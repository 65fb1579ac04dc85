//! What a team uses, and the server for whoever runs it.

use std::{cmp::Reverse, collections::BTreeMap};

use axum::extract::{Path, Query};
use serde::Deserialize;
use shelf_bookmarks::import::{FileBytes, file_bytes};
use shelf_domain::{
    id::{LibraryId, TenantId},
    plan::{Plan, Stock},
    refusal::Refused,
};
use shelf_identity::{
    operators::{OwnDeed, all_tenants, give_plan, own_deeds},
    tenants::create_tenant::list_tenants,
    usage::{TenantUse, usage_of},
};
use shelf_ports::{tenants::Tenant, usage::HeldLibrary};

use super::{Answer, people::parsed};
use crate::{
    frame::Here,
    pages::{
        admin::{AdminPage, DeedLine, TenantLine, admin},
        usage::{BoundLine, LibraryLine, UsagePage, usage},
    },
    posted::Posted,
    ui::toast::Toast,
    visit::{Visit, moment},
};

/// Tenants on a page.
const ROWS: usize = 50;
/// Deeds of whoever runs the server that are shown.
const DEEDS: usize = 10;

/// What a team uses; for its admins.
pub(crate) async fn page(Path(id): Path<String>, visit: Visit) -> Answer {
    let tenant: TenantId = parsed("team", &id)?;
    let (doors, quotas) = (&visit.web.doors, visit.web.throttle.quotas());
    let uses = usage_of(doors, quotas, visit.ctx.person, tenant).await?;
    let tenants = list_tenants(doors, visit.ctx.person).await?;
    let team = tenants.into_iter().find(|(known, _)| known.id == tenant);
    let bound = |(stock, used, most): (Stock, u64, Option<u64>)| BoundLine { stock, used, most };
    let files = file_bytes(&visit.ctx.stores, tenant).await?;
    let page = UsagePage {
        team: team.map(|(team, _)| (team.id.to_string(), team.name)).unwrap_or_default(),
        plan: uses.plan,
        bounds: uses.bounds.into_iter().map(bound).collect(),
        libraries: libraries(uses.held.libraries, &files),
        days: uses.days.into_iter().map(|(day, units)| (moment(day.begins_ms()), units)).collect(),
    };
    let frame = visit.frame("What is used", Here::People).await?;
    Ok(visit.page(&frame, &usage(&page, &frame), None))
}

/// The libraries of a team, the fullest first; of those with as many bookmarks, the one with more files.
fn libraries(held: Vec<HeldLibrary>, files: &BTreeMap<LibraryId, FileBytes>) -> Vec<LibraryLine> {
    let line = |held: HeldLibrary| {
        let files = files.get(&held.info.id).copied().unwrap_or_default();
        let FileBytes { waiting, kept, captures } = files;
        LibraryLine {
            name: held.info.name,
            bookmarks: held.bookmarks,
            bytes: waiting.saturating_add(kept).saturating_add(captures),
            written_at: (held.written_at > 0).then(|| moment(held.written_at)),
        }
    };
    let mut all: Vec<LibraryLine> = held.into_iter().map(line).collect();
    all.sort_by_key(|line| Reverse((line.bookmarks, line.bytes)));
    all
}

/// Which tenants.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Ask {
    after: Option<String>,
}

/// The server; for whoever runs it.
pub(crate) async fn server(Query(ask): Query<Ask>, visit: Visit) -> Answer {
    let after = ask.after.map(|id| parsed::<TenantId>("team", &id)).transpose()?;
    let (doors, quotas) = (&visit.web.doors, visit.web.throttle.quotas());
    let mut tenants = all_tenants(doors, quotas, visit.ctx.person, after, ROWS + 1).await?;
    let deeds = own_deeds(doors, visit.ctx.person, DEEDS).await?;
    let more = tenants.len() > ROWS;
    tenants.truncate(ROWS);
    let last = tenants.last().filter(|_| more);
    let page = AdminPage {
        next: last.map(|(tenant, _)| format!("/admin?after={}", tenant.id)),
        tenants: tenants.into_iter().map(line).collect(),
        stand: visit.web.machine.stand().await,
        deeds: deeds.into_iter().map(deed).collect(),
    };
    let frame = visit.frame("This server", Here::Settings).await?;
    Ok(visit.page(&frame, &admin(&page, &frame), None))
}

fn deed(OwnDeed { at, deed, name, plan, .. }: OwnDeed) -> DeedLine {
    DeedLine { at: moment(at), deed, name, plan }
}

fn line((tenant, uses): (Tenant, TenantUse)) -> TenantLine {
    TenantLine {
        id: tenant.id.to_string(),
        name: tenant.name,
        plan: uses.plan,
        members: uses.held.members,
        libraries: uses.held.of(Stock::Libraries),
        bookmarks: uses.held.bookmarks(),
        today: uses.today(),
        deliveries: (uses.held.waiting, uses.held.failed),
        written_at: uses.held.written_at().map(moment),
    }
}

/// Gives a tenant a plan, or takes it back; for whoever runs the server.
pub(crate) async fn give(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let tenant: TenantId = parsed("team", &id)?;
    let plan = match said.text("plan") {
        "" => None,
        name => {
            let plan = Plan::named(name);
            Some(
                plan.ok_or_else(|| Refused::invalid("plan", "choose one of those that are shown"))?,
            )
        }
    };
    let (doors, quotas) = (&visit.web.doors, visit.web.throttle.quotas());
    give_plan(doors, quotas, visit.actor(), tenant, plan).await?;
    let toast = Toast { words: "The plan is given".into(), undo: None };
    Ok(visit.go("/admin", Some(&toast)))
}
