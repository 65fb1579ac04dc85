//! People: teams, their members, invitations, groups and libraries.

use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use shelf_domain::{
    id::TenantId,
    refusal::Refused,
    right::{Right, Role},
};
use shelf_identity::operators::is_operator;
use shelf_identity::tenants::{
    create_tenant::{create_tenant, list_tenants, rename_tenant},
    groups::{
        create_group, list_groups, put_into_group, remove_group, rename_group, take_from_group,
    },
    invitations::{Invite, Invited, invite, list_invitations, take_back_invitation},
    libraries::{all_libraries_of, create_library},
    members::{change_role, list_members, remove_member},
};
use shelf_ports::{accounts::LibraryInfo, tenants::Tenant};

use super::Answer;
use crate::{
    frame::Here,
    link,
    pages::people::{
        GroupLine, InvitationLine, LibraryLine, MemberLine, Operator, TeamLine, TeamPage, people,
        team,
    },
    posted::{Posted, Said},
    trouble::Trouble,
    ui::toast::Toast,
    visit::{Visit, moment},
    within::Within,
};

/// The teams one belongs to.
pub(crate) async fn page(visit: Visit) -> Answer {
    let tenants = list_tenants(&visit.web.doors, visit.ctx.person).await?;
    let teams: Vec<_> =
        tenants.into_iter().map(|(tenant, role)| line(&visit, tenant, role)).collect();
    let frame = visit.frame("People", Here::People).await?;
    let runs = is_operator(&visit.web.doors, visit.ctx.person).await?;
    let operator = if runs { Operator::Yes } else { Operator::No };
    Ok(visit.page(&frame, &people(&teams, operator, &frame), None))
}

fn line(visit: &Visit, tenant: Tenant, role: Role) -> TeamLine {
    let own = tenant.id == visit.signed.person.tenant;
    TeamLine { id: tenant.id.to_string(), name: tenant.name, role, own }
}

/// Makes a team.
pub(crate) async fn create(Posted { visit, said }: Posted) -> Answer {
    let made = create_tenant(&visit.web.doors, visit.actor(), said.text("name")).await?;
    Ok(visit.go(&address(made.id), None))
}

/// One team.
pub(crate) async fn one(Path(id): Path<String>, visit: Visit) -> Answer {
    let tenant = tenant_id(&id)?;
    shown(&visit, tenant, None).await
}

async fn shown(visit: &Visit, tenant: TenantId, invited: Option<String>) -> Answer {
    let page = told(visit, tenant, invited).await?;
    let frame = visit.frame(&page.team.name, Here::People).await?;
    Ok(visit.page(&frame, &team(&page, &frame), None))
}

async fn told(
    visit: &Visit,
    tenant: TenantId,
    new_invitation: Option<String>,
) -> Result<TeamPage, Trouble> {
    let (doors, by) = (&visit.web.doors, visit.ctx.person);
    let members = list_members(doors, by, tenant).await?;
    let tenants = list_tenants(doors, by).await?;
    let mine = tenants.into_iter().find(|(known, _)| known.id == tenant);
    let (found, role) = mine.ok_or_else(|| Trouble::not_found("team"))?;
    let name_of = |person| {
        let member = members.iter().find(|member| member.person == person);
        member.map_or_else(String::new, |member| member.name.clone())
    };
    let groups = list_groups(doors, by, tenant).await?.into_iter().map(|group| GroupLine {
        id: group.id.to_string(),
        name: group.name,
        people: group.people.iter().map(|id| (id.to_string(), name_of(*id))).collect(),
    });
    let groups = groups.collect();
    let libraries = libraries_of(visit, tenant, role).await?;
    let invitations = invitations_of(visit, tenant, role, &libraries).await?;
    let members = members.into_iter().map(|member| MemberLine {
        id: member.person.to_string(),
        this: member.person == by,
        name: member.name,
        role: member.role,
        since: moment(member.since),
    });
    let members = members.collect();
    let team = line(visit, found, role);
    let has_provider = visit.web.sso.sso.provider(tenant).await?.is_some();
    Ok(TeamPage { team, members, invitations, new_invitation, groups, libraries, has_provider })
}

/// Every library of the team for who governs it, else those one may use.
async fn libraries_of(
    visit: &Visit,
    tenant: TenantId,
    role: Role,
) -> Result<Vec<LibraryLine>, Trouble> {
    let mine = visit.libraries.iter().map(|reach| &reach.library);
    let mine: Vec<&LibraryInfo> = mine.filter(|library| library.tenant == tenant).collect();
    let all = if role.governs() {
        all_libraries_of(&visit.web.doors, visit.ctx.person, tenant).await?
    } else {
        mine.iter().copied().cloned().collect()
    };
    let line = |library: LibraryInfo| LibraryLine {
        href: mine
            .iter()
            .any(|known| known.id == library.id)
            .then(|| format!("{}/library", Within(library.id).path())),
        id: library.id.to_string(),
        name: library.name,
    };
    Ok(all.into_iter().map(line).collect())
}

async fn invitations_of(
    visit: &Visit,
    tenant: TenantId,
    role: Role,
    libraries: &[LibraryLine],
) -> Result<Vec<InvitationLine>, Trouble> {
    if !role.governs() {
        return Ok(Vec::new());
    }
    let open = list_invitations(&visit.web.doors, visit.ctx.person, tenant).await?;
    let name_of = |id: String| {
        let library = libraries.iter().find(|library| library.id == id);
        library.map(|library| library.name.clone()).unwrap_or_default()
    };
    let lines = open.into_iter().map(|invitation| InvitationLine {
        id: invitation.id.to_string(),
        note: invitation.note,
        role: invitation.role,
        share: invitation.share.map(|(id, right)| (name_of(id.to_string()), right)),
        ends_at: moment(invitation.expires_at),
    });
    Ok(lines.collect())
}

/// Renames a team.
pub(crate) async fn rename(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let tenant = tenant_id(&id)?;
    rename_tenant(&visit.web.doors, visit.actor(), tenant, said.text("name")).await?;
    Ok(back_to(&visit, tenant, "Renamed"))
}

/// Makes a member something else.
pub(crate) async fn set_role(
    Path((id, person)): Path<(String, String)>,
    Posted { visit, said }: Posted,
) -> Answer {
    let (tenant, person) = (tenant_id(&id)?, parsed("member", &person)?);
    change_role(&visit.web.doors, visit.actor(), tenant, person, role_in(&said)?).await?;
    Ok(back_to(&visit, tenant, "Changed"))
}

/// Takes a member out, or leaves.
pub(crate) async fn remove(
    Path((id, person)): Path<(String, String)>,
    Posted { visit, .. }: Posted,
) -> Answer {
    let (tenant, person) = (tenant_id(&id)?, parsed("member", &person)?);
    remove_member(&visit.web.doors, visit.actor(), tenant, person).await?;
    if person == visit.ctx.person {
        return Ok(visit.go("/people", Some(&said_so("You left"))));
    }
    Ok(back_to(&visit, tenant, "Taken out"))
}

/// Makes an invitation and shows its address this once.
pub(crate) async fn invited(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let tenant = tenant_id(&id)?;
    let share = match said.text("library") {
        "" => None,
        library => Some((parsed("library", library)?, right_in(&said)?)),
    };
    let ask = Invite { role: role_in(&said)?, share, note: said.text("note").to_owned() };
    let Invited { secret, .. } = invite(&visit.web.doors, visit.actor(), tenant, ask).await?;
    let join = link::with("/join", "invitation", secret.expose());
    let page = shown(&visit, tenant, Some(format!("{}{join}", visit.reached))).await?;
    Ok((StatusCode::CREATED, page).into_response())
}

/// Takes an invitation back.
pub(crate) async fn take_back(
    Path((id, invitation)): Path<(String, String)>,
    Posted { visit, .. }: Posted,
) -> Answer {
    let (tenant, invitation) = (tenant_id(&id)?, parsed("invitation", &invitation)?);
    take_back_invitation(&visit.web.doors, visit.actor(), tenant, invitation).await?;
    Ok(back_to(&visit, tenant, "Taken back"))
}

/// Makes a library and goes there.
pub(crate) async fn new_library(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let (tenant, name) = (tenant_id(&id)?, said.text("name"));
    let made = create_library(&visit.web.doors, visit.actor(), tenant, name).await?;
    Ok(visit.go(&format!("{}/library", Within(made.id).path()), None))
}

/// Makes a group.
pub(crate) async fn new_group(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let tenant = tenant_id(&id)?;
    create_group(&visit.web.doors, visit.actor(), tenant, said.text("name")).await?;
    Ok(back_to(&visit, tenant, "Made"))
}

/// Renames a group.
pub(crate) async fn name_group(
    Path((id, group)): Path<(String, String)>,
    Posted { visit, said }: Posted,
) -> Answer {
    let (tenant, group) = (tenant_id(&id)?, parsed("group", &group)?);
    rename_group(&visit.web.doors, visit.actor(), tenant, group, said.text("name")).await?;
    Ok(back_to(&visit, tenant, "Renamed"))
}

/// Removes a group.
pub(crate) async fn end_group(
    Path((id, group)): Path<(String, String)>,
    Posted { visit, .. }: Posted,
) -> Answer {
    let (tenant, group) = (tenant_id(&id)?, parsed("group", &group)?);
    remove_group(&visit.web.doors, visit.actor(), tenant, group).await?;
    Ok(back_to(&visit, tenant, "Removed"))
}

/// Puts a member into a group.
pub(crate) async fn into_group(
    Path((id, group)): Path<(String, String)>,
    Posted { visit, said }: Posted,
) -> Answer {
    let (tenant, group) = (tenant_id(&id)?, parsed("group", &group)?);
    let person = parsed("member", said.text("person"))?;
    put_into_group(&visit.web.doors, visit.actor(), tenant, group, person).await?;
    Ok(back_to(&visit, tenant, "Put in"))
}

/// Takes a member out of a group.
pub(crate) async fn out_of_group(
    Path((id, group, person)): Path<(String, String, String)>,
    Posted { visit, .. }: Posted,
) -> Answer {
    let (tenant, group) = (tenant_id(&id)?, parsed("group", &group)?);
    let person = parsed("member", &person)?;
    take_from_group(&visit.web.doors, visit.actor(), tenant, group, person).await?;
    Ok(back_to(&visit, tenant, "Taken out"))
}

fn back_to(visit: &Visit, tenant: TenantId, words: &str) -> Response {
    visit.go(&address(tenant), Some(&said_so(words)))
}

fn address(tenant: TenantId) -> String {
    format!("/people/{tenant}")
}

/// What was done, as a toast that cannot be undone.
pub(crate) fn said_so(words: &str) -> Toast {
    Toast { words: words.to_owned(), undo: None }
}

fn tenant_id(text: &str) -> Result<TenantId, Refused> {
    parsed("team", text)
}

/// The id that `text` writes; what is none is as absent as what nobody made.
pub(crate) fn parsed<T: std::str::FromStr>(what: &str, text: &str) -> Result<T, Refused> {
    text.parse().map_err(|_| Refused::not_found(what))
}

fn role_in(said: &Said) -> Result<Role, Refused> {
    Role::named(said.text("role")).ok_or_else(|| Refused::invalid("role", "choose one"))
}

/// The right a form names.
pub(crate) fn right_in(said: &Said) -> Result<Right, Refused> {
    Right::named(said.text("right")).ok_or_else(|| Refused::invalid("right", "choose one"))
}
