//! Settings: appearance, activity, sessions and keys.

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use shelf_bookmarks::activity::{forget_activity as forget, is_activity_on, switch_activity};
use shelf_domain::refusal::Refused;
use shelf_identity::{
    CreateToken, create_token, list_grants, passwords::set_password::login_of, rename_person,
    revoke_grant,
};
use shelf_ports::accounts::GrantKind;

use super::{Answer, door::SAMPLE};
use crate::{
    cookies,
    frame::{Here, Theme},
    pages::settings::{Session, SettingsPage, Token, settings},
    posted::Posted,
    ui::toast::Toast,
    visit::{Visit, moment},
};

/// All settings.
pub(crate) async fn page(visit: Visit) -> Answer {
    shown(&visit, None).await
}

async fn shown(visit: &Visit, new_token: Option<(String, String)>) -> Answer {
    let doors = &visit.web.doors;
    let grants = list_grants(doors, visit.ctx.person).await?;
    let sample = doors.accounts.setting(visit.ctx.person, SAMPLE).await?;
    let of_kind = |kind: GrantKind| grants.iter().filter(move |grant| grant.kind == kind);
    let page = SettingsPage {
        address: visit.address(),
        name: visit.signed.person.name.clone(),
        login: login_of(&visit.web.passwords, visit.ctx.person)
            .await?
            .map(|login| login.shown().to_owned()),
        sessions: of_kind(GrantKind::Session)
            .map(|grant| Session {
                id: grant.id.to_string(),
                name: grant.name.clone(),
                seen_at: moment(grant.used_at.unwrap_or(grant.created_at)),
                this: grant.id == visit.signed.grant.id,
            })
            .collect(),
        tokens: of_kind(GrantKind::Token)
            .map(|grant| Token {
                id: grant.id.to_string(),
                name: grant.name.clone(),
                made_at: moment(grant.created_at),
                used_at: grant.used_at.map(moment),
            })
            .collect(),
        new_token,
        activity: is_activity_on(&visit.ctx).await?,
        sample: sample.is_some_and(|act| !act.is_empty()),
        now: visit.now(),
    };
    let frame = visit.frame("Settings", Here::Settings).await?;
    Ok(visit.page(&frame, &settings(&page, &frame), None))
}

/// Gives oneself another name.
pub(crate) async fn rename(Posted { visit, said }: Posted) -> Answer {
    rename_person(&visit.web.doors, visit.ctx.person, said.text("name")).await?;
    Ok(visit.go("/settings", Some(&Toast { words: "Renamed".into(), undo: None })))
}

/// Light, dark, or as the system says; kept in this browser.
pub(crate) async fn appearance(Posted { visit, said }: Posted) -> Answer {
    let theme = Theme::named(said.text("theme")).name().unwrap_or("system");
    let mut response = visit.go("/settings", None);
    let secure = visit.reached.is_secure();
    cookies::set(response.headers_mut(), cookies::THEME, theme, cookies::YEAR_S, secure);
    Ok(response)
}

/// Switches the memory of what was opened.
pub(crate) async fn activity(Posted { visit, said }: Posted) -> Answer {
    switch_activity(&visit.ctx, said.text("on") == "yes").await?;
    Ok(visit.go("/settings", None))
}

/// Forgets what was opened.
pub(crate) async fn forget_activity(Posted { visit, .. }: Posted) -> Answer {
    forget(&visit.ctx, visit.scope).await?;
    Ok(visit.go("/settings", Some(&Toast { words: "Forgotten".into(), undo: None })))
}

/// Makes a key and shows it this once; the page is not kept by the browser.
pub(crate) async fn make_token(Posted { visit, said }: Posted) -> Answer {
    let ask = CreateToken { name: said.text("name").to_owned(), expires_at: None };
    let new = create_token(&visit.web.doors, visit.actor(), ask).await?;
    let told = (new.grant.name.clone(), new.secret.expose().to_owned());
    Ok((StatusCode::CREATED, shown(&visit, Some(told)).await?).into_response())
}

/// Ends a session or takes a key back.
pub(crate) async fn end_grant(Path(id): Path<String>, Posted { visit, .. }: Posted) -> Answer {
    let grant = id.parse().map_err(|_| Refused::not_found("grant"))?;
    revoke_grant(&visit.web.doors, visit.actor(), grant).await?;
    Ok(visit.go("/settings", Some(&Toast { words: "Signed out".into(), undo: None })))
}
