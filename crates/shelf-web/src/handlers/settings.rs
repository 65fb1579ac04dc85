//! Settings: appearance, activity, sessions and keys.

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use shelf_bookmarks::activity::{forget_activity as forget, is_activity_on, switch_activity};
use shelf_domain::{
    id::LibraryId,
    permit::{Allowance, Permits},
    refusal::{Code, Refused},
};
use shelf_identity::{
    CreateToken, create_token, list_grants, passkeys::list_passkeys::list_passkeys,
    passwords::set_password::login_of, rename_person, revoke_grant,
};
use shelf_ports::{
    Failure,
    accounts::{Grant, GrantKind},
    tenants::Reach,
};
use shelf_sync::presence::{show_presence, wants_to_be_shown};
use std::collections::BTreeSet;

use super::{Answer, door::SAMPLE};
use crate::{
    cookies,
    frame::{Here, Theme},
    pages::{
        apps::App,
        keys::{KeysPart, Token},
        settings::{Session, SettingsPage, settings},
    },
    posted::{Posted, Said},
    ui::toast::Toast,
    visit::{Visit, moment},
};

/// Longest life of a key that is to end by itself, days: ten years.
const DAYS_MAX: i64 = 3_650;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// All settings.
pub(crate) async fn page(visit: Visit) -> Answer {
    shown(&visit, KeysPart::default()).await
}

/// The page, with what `keys` says of one that was just made or refused.
async fn shown(visit: &Visit, keys: KeysPart) -> Answer {
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
        passkeys: list_passkeys(&visit.web.passwords, visit.ctx.person).await?.len(),
        sessions: of_kind(GrantKind::Session)
            .map(|grant| Session {
                id: grant.id.to_string(),
                name: grant.name.clone(),
                seen_at: moment(grant.used_at.unwrap_or(grant.created_at)),
                this: grant.id == visit.signed.grant.id,
                by_provider: grant.provided_by.is_some(),
            })
            .collect(),
        apps: of_kind(GrantKind::App).map(|grant| app(visit, grant)).collect(),
        keys: KeysPart {
            tokens: of_kind(GrantKind::Token).map(|grant| told(visit, grant)).collect(),
            libraries: to_choose(visit),
            ..keys
        },
        activity: is_activity_on(&visit.ctx).await?,
        presence: wants_to_be_shown(&*visit.ctx.stores.accounts, visit.ctx.person).await?,
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

/// Shows or hides the person in libraries they share.
pub(crate) async fn presence(Posted { visit, said }: Posted) -> Answer {
    let (accounts, on) = (&*visit.ctx.stores.accounts, said.text("on") == "yes");
    show_presence(accounts, visit.ctx.person, on).await?;
    Ok(visit.go("/settings", None))
}

/// Forgets what was opened.
pub(crate) async fn forget_activity(Posted { visit, .. }: Posted) -> Answer {
    forget(&visit.ctx, visit.scope).await?;
    Ok(visit.go("/settings", Some(&Toast { words: "Forgotten".into(), undo: None })))
}

/// A program that was let in, as the page shows it.
fn app(visit: &Visit, grant: &Grant) -> App {
    let Token { id, name, made_at, used_at, permits, libraries, .. } = told(visit, grant);
    App { id, name, since: made_at, used_at, permits, libraries }
}

/// A key as the page shows it.
fn told(visit: &Visit, grant: &Grant) -> Token {
    let Allowance { permits, libraries } = &grant.allows;
    let name = |id: &LibraryId| {
        let mut known = visit.libraries.iter().map(|reach| &reach.library);
        let found = known.find(|library| library.id == *id);
        found.map_or_else(|| "one you no longer use".to_owned(), |library| library.name.clone())
    };
    Token {
        id: grant.id.to_string(),
        name: grant.name.clone(),
        made_at: moment(grant.created_at),
        used_at: grant.used_at.map(moment),
        ends_at: grant.expires_at.map(moment),
        permits: *permits,
        libraries: libraries.as_ref().map(|ids| ids.iter().map(name).collect()),
    }
}

/// The libraries a key may be limited to, where there is a choice.
pub(crate) fn to_choose(visit: &Visit) -> Vec<(String, String)> {
    let named = visit.libraries.iter().map(|Reach { library, .. }| library);
    let named = named.map(|library| (library.id.to_string(), library.name.clone()));
    if visit.libraries.len() > 1 { named.collect() } else { Vec::new() }
}

/// What the form asks for; nothing chosen is no limit.
fn asked(visit: &Visit, said: &Said) -> Result<CreateToken, Failure> {
    let scopes: Vec<&str> = said.all("scope").collect();
    let libraries: BTreeSet<LibraryId> = said
        .all("library")
        .map(|id| id.parse().map_err(|_| Refused::not_found("library")))
        .collect::<Result<_, _>>()?;
    let expires_at = match said.text("days") {
        "" => None,
        days => {
            let days: i64 =
                days.parse().ok().filter(|days| (1..=DAYS_MAX).contains(days)).ok_or_else(
                    || Refused::invalid("days", format!("a key works for 1 to {DAYS_MAX} days")),
                )?;
            Some(visit.web.doors.clock.now_ms().saturating_add(days * DAY_MS))
        }
    };
    Ok(CreateToken {
        name: said.text("name").to_owned(),
        expires_at,
        permits: if scopes.is_empty() { None } else { Some(Permits::of_words(scopes, "scope")?) },
        libraries: if libraries.is_empty() { None } else { Some(libraries) },
    })
}

/// Makes a key and shows it this once; the page is not kept by the browser.
pub(crate) async fn make_token(Posted { visit, said }: Posted) -> Answer {
    let made = match asked(&visit, &said) {
        Ok(ask) => create_token(&visit.web.doors, visit.actor(), ask).await,
        Err(failure) => Err(failure),
    };
    let (status, keys) = match made {
        Ok(new) => {
            let told = (new.grant.name.clone(), new.secret.expose().to_owned());
            (StatusCode::CREATED, KeysPart { new_token: Some(told), ..KeysPart::default() })
        }
        Err(Failure::Refused(refused)) if refused.code == Code::Invalid => {
            let told = (said.text("name").to_owned(), refused.detail);
            let keys = KeysPart { refused: Some(told), ..KeysPart::default() };
            (StatusCode::UNPROCESSABLE_ENTITY, keys)
        }
        Err(failure) => return Err(failure.into()),
    };
    Ok((status, shown(&visit, keys).await?).into_response())
}

/// Ends a session or takes a key back.
pub(crate) async fn end_grant(Path(id): Path<String>, Posted { visit, .. }: Posted) -> Answer {
    let grant = id.parse().map_err(|_| Refused::not_found("grant"))?;
    revoke_grant(&visit.web.doors, visit.actor(), grant).await?;
    Ok(visit.go("/settings", Some(&Toast { words: "Signed out".into(), undo: None })))
}
