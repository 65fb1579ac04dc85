//! Sharing: who may use the library one is in.

use shelf_bookmarks::search::{Mode, SearchAsk, search};
use shelf_domain::{
    id::{GroupId, PersonId, TenantId},
    refusal::Refused,
};
use shelf_identity::tenants::{
    create_tenant::list_tenants,
    groups::list_groups,
    libraries::rename_library,
    members::list_members,
    shares::{give_right, list_shares, take_right_back},
};
use shelf_ports::tenants::Holder;

use super::{
    Answer,
    people::{parsed, right_in, said_so},
};
use crate::{
    frame::Here,
    pages::sharing::{ShareLine, SharingPage, sharing},
    posted::{Posted, Said},
    trouble::Trouble,
    visit::Visit,
};

/// Who may use this library, and who else could.
pub(crate) async fn page(visit: Visit) -> Answer {
    let (doors, by, scope) = (&visit.web.doors, visit.ctx.person, visit.scope);
    let shares = list_shares(doors, by, scope.library).await?;
    let held = |holder: Holder| shares.iter().any(|shared| shared.share.holder == holder);
    let others = could_use(&visit).await?.into_iter().filter(|(holder, _)| !held(*holder));
    let tenants = list_tenants(doors, by).await?;
    let owner = tenants.into_iter().find(|(tenant, _)| tenant.id == scope.tenant);
    let page = SharingPage {
        library: visit.library.clone(),
        team: owner.map(|(team, _)| (team.id.to_string(), team.name)).unwrap_or_default(),
        others: others.map(|(holder, name)| (written(holder), name)).collect(),
        shares: shares
            .iter()
            .map(|shared| ShareLine {
                holder: written(shared.share.holder),
                name: shared.name.clone(),
                right: shared.share.right,
                this: shared.share.holder == Holder::Person(by),
            })
            .collect(),
        private: marked_private(&visit).await,
    };
    let frame = visit.frame("Share", Here::Sharing).await?;
    Ok(visit.page(&frame, &sharing(&page, &frame), None))
}

/// How many links are marked private. Who may use the library is shown also while search is away: the
/// page says then what the mark is, without a number.
async fn marked_private(visit: &Visit) -> u64 {
    let ask = SearchAsk { mode: Mode::Words, limit: 1, facets: 0, ..SearchAsk::new("is:private") };
    let found = search(&visit.web.search, visit.scope, ask).await;
    found.map_or(0, |found| found.total)
}

/// Everyone of the library's team, its groups, and its members.
async fn could_use(visit: &Visit) -> Result<Vec<(Holder, String)>, Trouble> {
    let (doors, by, tenant) = (&visit.web.doors, visit.ctx.person, visit.scope.tenant);
    let members = list_members(doors, by, tenant).await?;
    let groups = list_groups(doors, by, tenant).await?;
    let mut all = Vec::new();
    if members.len() > 1 {
        all.push((Holder::Everyone(tenant), "Everyone of the team".to_owned()));
    }
    all.extend(groups.into_iter().map(|group| (Holder::Group(group.id), group.name)));
    all.extend(members.into_iter().map(|one| (Holder::Person(one.person), one.name)));
    Ok(all)
}

/// Lets somebody use it, in the place of what they might before.
pub(crate) async fn give(Posted { visit, said }: Posted) -> Answer {
    let (doors, by) = (&visit.web.doors, visit.actor());
    give_right(doors, by, visit.scope.library, holder_in(&said)?, right_in(&said)?).await?;
    Ok(visit.go("/sharing", Some(&said_so("Shared"))))
}

/// Takes back what somebody might do.
pub(crate) async fn take_back(Posted { visit, said }: Posted) -> Answer {
    let (doors, by) = (&visit.web.doors, visit.actor());
    let holder = holder_in(&said)?;
    take_right_back(doors, by, visit.scope.library, holder).await?;
    // Whoever took their own right back has nothing to see here any more.
    let next = if holder == Holder::Person(by.person) { "/people" } else { "/sharing" };
    Ok(visit.go(next, Some(&said_so("Taken back"))))
}

/// Renames it.
pub(crate) async fn rename(Posted { visit, said }: Posted) -> Answer {
    let (doors, by) = (&visit.web.doors, visit.actor());
    rename_library(doors, by, visit.scope.library, said.text("name")).await?;
    Ok(visit.go("/sharing", Some(&said_so("Renamed"))))
}

fn written(holder: Holder) -> String {
    let id = match holder {
        Holder::Person(id) => id.to_string(),
        Holder::Group(id) => id.to_string(),
        Holder::Everyone(id) => id.to_string(),
    };
    format!("{}:{id}", holder.kind())
}

fn holder_in(said: &Said) -> Result<Holder, Refused> {
    match said.text("holder").split_once(':') {
        Some(("person", id)) => Ok(Holder::Person(parsed::<PersonId>("member", id)?)),
        Some(("group", id)) => Ok(Holder::Group(parsed::<GroupId>("group", id)?)),
        Some(("everyone", id)) => Ok(Holder::Everyone(parsed::<TenantId>("team", id)?)),
        _ => Err(Refused::invalid("holder", "choose who")),
    }
}
