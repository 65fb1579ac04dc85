//! Signing in by the identity provider of an organisation, and connecting one to a team.

use axum::{
    extract::{Path, Query, Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, REFRESH},
    },
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use shelf_domain::{
    id::TenantId,
    refusal::{Code, Refused},
    right::Role,
};
use shelf_identity::{
    Secret, session,
    sso::{
        SsoFailure, TurnedAway,
        begin::{Begun, begin, begin_connecting},
        connect::{ConnectProvider, GROUPS_CLAIM, connect_provider, provider_of, remove_provider},
        domains::{add_domain, list_domains, place_of, remove_domain, verify_domain},
        finish::{Answered, Browser, finish},
        log_out::{log_out, logout_uri},
        redirect_uri,
    },
    tenants::{create_tenant::list_tenants, groups::list_groups},
};
use shelf_ports::{Failure, sso::ClaimRule};

use super::{
    Answer,
    door::{let_in, on_the_way},
    people::{parsed, said_so},
};
use crate::{
    browser::called,
    cookies,
    frame::{Here, Theme, alone},
    pages::sso::{
        ConnectPage, DomainLine, RuleLine, SsoPage, ask, connect as connect_page, onwards,
        settings, turned_away,
    },
    posted::{Posted, Said, header_of, is_ours, read_body},
    trouble::Trouble,
    visit::{Visit, html},
    web::Web,
};

/// Most bytes of the form at the door.
const FORM_BYTES_MAX: usize = 4_096;
/// Most bytes of the word of a provider, as a form.
const WORD_BYTES_MAX: usize = 80 << 10;
/// How long a browser keeps what ends its sign-in, seconds.
const SIGN_IN_S: i64 = 600;

fn theme(headers: &HeaderMap) -> Theme {
    cookies::read(headers, cookies::THEME).map(Theme::named).unwrap_or_default()
}

/// Where somebody says to which organisation they belong.
pub(crate) async fn page(headers: HeaderMap) -> Response {
    html(&alone("Sign in", theme(&headers), "", &ask("", None)))
}

/// Sends a browser to the organisation of a mail address.
pub(crate) async fn go(State(web): State<Web>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let reached = web.reached(&headers);
    if !is_ours(&headers, &reached) {
        return Err(Trouble::StaleForm);
    }
    let said = Said::read(&read_body(body, FORM_BYTES_MAX).await?);
    let (mail, landing) = (said.text("mail"), on_the_way(&headers, "/"));
    match begin(&web.sso, mail, &reached.to_string(), &landing).await {
        Ok(begun) => Ok(sent(&begun, theme(&headers), reached.is_secure())),
        Err(SsoFailure::TurnedAway(TurnedAway::NoProvider)) => {
            let inside = ask(mail, Some(TurnedAway::NoProvider.sentence()));
            let page = html(&alone("Sign in", theme(&headers), "", &inside));
            Ok((StatusCode::UNAUTHORIZED, page).into_response())
        }
        Err(failure) => not_in(failure, theme(&headers)),
    }
}

/// The page that leads on. A form of ours may lead nowhere else, so browsers are sent on by a page.
fn sent(begun: &Begun, theme: Theme, is_secure: bool) -> Response {
    let inside = onwards(&begun.address, &begun.host);
    let mut response = html(&alone("Sign in", theme, "", &inside));
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&format!("0; url={}", begun.address)) {
        headers.insert(REFRESH, value);
    }
    cookies::set(headers, cookies::SSO, begun.secret.expose(), SIGN_IN_S, is_secure);
    response
}

fn not_in(failure: SsoFailure, theme: Theme) -> Answer {
    match failure {
        SsoFailure::TurnedAway(why) => {
            let inside = turned_away(why.sentence(), why.name());
            let status = match why {
                TurnedAway::NoSecret | TurnedAway::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
                TurnedAway::NotMember | TurnedAway::Declined => StatusCode::FORBIDDEN,
                _ => StatusCode::UNAUTHORIZED,
            };
            Ok((status, html(&alone("Not signed in", theme, "", &inside))).into_response())
        }
        SsoFailure::Other(failure) => Err(failure.into()),
    }
}

/// What a provider sends a browser back with.
#[derive(Default, Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    iss: String,
    #[serde(default)]
    error: String,
}

/// Takes a browser back in.
pub(crate) async fn back(
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(back): Query<Back>,
    headers: HeaderMap,
) -> Answer {
    let tenant: TenantId = parsed("team", &id)?;
    let reached = web.reached(&headers);
    let kept = cookies::read(&headers, cookies::SSO).map(Secret::sent);
    let signed = match cookies::read(&headers, cookies::SESSION).map(Secret::sent) {
        Some(secret) => session(&web.doors, &secret).await?,
        None => None,
    };
    let name = called(header_of(&headers, "User-Agent").unwrap_or_default());
    let Back { code, state, iss, error } = back;
    let answered = Answered { code, state, iss, error };
    let browser = Browser {
        secret: kept.as_ref(),
        signed: signed.as_ref(),
        name: &name,
        reached: &reached.to_string(),
    };
    match finish(&web.sso, tenant, &answered, &browser).await {
        Ok(came) => {
            let mut response = let_in(&came.session.secret, &came.landing, &reached);
            cookies::set(response.headers_mut(), cookies::SSO, "", 0, reached.is_secure());
            Ok(response)
        }
        Err(failure) => not_in(failure, theme(&headers)),
    }
}

/// Takes the word of a provider that somebody is signed out. It comes from there and from no browser, so
/// there is no page of ours it could have been sent from: what it says is signed.
pub(crate) async fn logged_out(
    State(web): State<Web>,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let tenant: TenantId = parsed("team", &id)?;
    let said = Said::read(&read_body(request.into_body(), WORD_BYTES_MAX).await?);
    let status = match log_out(&web.sso, tenant, said.text("logout_token")).await {
        Ok(_) => StatusCode::OK,
        Err(SsoFailure::TurnedAway(TurnedAway::Unreachable)) => StatusCode::SERVICE_UNAVAILABLE,
        Err(SsoFailure::TurnedAway(why)) => {
            tracing::info!(
                why = why.name(),
                "a provider's word that somebody is out does not hold"
            );
            StatusCode::BAD_REQUEST
        }
        Err(SsoFailure::Other(failure)) => return Err(failure.into()),
    };
    Ok((status, [(CACHE_CONTROL, "no-store")]).into_response())
}

/// The team one belongs to, what it is called, and whether it asks for its provider.
async fn team(visit: &Visit, id: &str) -> Result<(TenantId, String), Trouble> {
    let tenant: TenantId = parsed("team", id)?;
    let mine = list_tenants(&visit.web.doors, visit.ctx.person).await?;
    let found = mine.into_iter().find(|(known, _)| known.id == tenant);
    let (found, _) = found.ok_or_else(|| Trouble::not_found("team"))?;
    Ok((tenant, found.name))
}

/// Where a member connects their account.
pub(crate) async fn connecting(Path(id): Path<String>, visit: Visit) -> Answer {
    let (tenant, name) = team(&visit, &id).await?;
    let provider = visit.web.sso.sso.provider(tenant).await?;
    let provider = provider.ok_or_else(|| Trouble::not_found("identity provider"))?;
    let page = ConnectPage { team: id, name, is_required: provider.is_required };
    let frame = visit.frame("Connect my account", Here::People).await?;
    Ok(visit.page(&frame, &connect_page(&page, &frame), None))
}

/// Sends a member to the provider, to be known by it.
pub(crate) async fn connect_self(Path(id): Path<String>, Posted { visit, .. }: Posted) -> Answer {
    let (tenant, _) = team(&visit, &id).await?;
    let reached = visit.reached.to_string();
    match begin_connecting(&visit.web.sso, &visit.signed, tenant, &reached).await {
        Ok(begun) => Ok(sent(&begun, visit.theme, visit.reached.is_secure())),
        Err(failure) => not_in(failure, visit.theme),
    }
}

/// The page on which a provider is connected.
pub(crate) async fn one(Path(id): Path<String>, visit: Visit) -> Answer {
    shown(&visit, &id, None).await
}

async fn shown(visit: &Visit, id: &str, refused: Option<(String, String)>) -> Answer {
    let (doors, by) = (&visit.web.sso, visit.ctx.person);
    let (tenant, name) = team(visit, id).await?;
    let provider = provider_of(doors, by, tenant).await?;
    let groups = list_groups(&visit.web.doors, by, tenant).await?;
    let domains = list_domains(doors, by, tenant).await?;
    let of = |text: fn(&shelf_ports::sso::Provider) -> &String| {
        provider.as_ref().map(|provider| text(provider).clone())
    };
    let rules = provider.iter().flat_map(|provider| &provider.rules).map(|rule| RuleLine {
        value: rule.value.clone(),
        group: rule.group.map(|id| id.to_string()).unwrap_or_default(),
        role: rule.role,
    });
    let page = SsoPage {
        team: id.to_owned(),
        name,
        redirect_uri: redirect_uri(&visit.reached.to_string(), tenant),
        logout_uri: logout_uri(&visit.reached.to_string(), tenant),
        is_connected: provider.is_some(),
        lacks_secret: provider.as_ref().is_some_and(|provider| provider.secret.is_lost()),
        issuer: of(|provider| &provider.issuer).unwrap_or_default(),
        client_id: of(|provider| &provider.client_id).unwrap_or_default(),
        groups_claim: of(|provider| &provider.groups_claim)
            .unwrap_or_else(|| GROUPS_CLAIM.to_owned()),
        rules: rules.collect(),
        role: provider.as_ref().map_or(Role::Member, |provider| provider.role),
        is_required: provider.as_ref().is_some_and(|provider| provider.is_required),
        groups: groups.into_iter().map(|group| (group.id.to_string(), group.name)).collect(),
        domains: domains
            .into_iter()
            .map(|domain| DomainLine {
                place: place_of(&domain.name),
                name: domain.name.into(),
                text: domain.token,
                is_verified: domain.verified_at.is_some(),
            })
            .collect(),
        refused,
    };
    let frame = visit.frame("Single sign-on", Here::People).await?;
    Ok(visit.page(&frame, &settings(&page, &frame), None))
}

/// The page again with the reason, where what was typed is refused; else what was done.
async fn done<T>(visit: &Visit, id: &str, result: Result<T, Failure>, words: &str) -> Answer {
    match result {
        Ok(_) => Ok(visit.go(&format!("/people/{id}/sso"), Some(&said_so(words)))),
        Err(Failure::Refused(Refused { code: Code::Invalid, at, detail, .. })) => {
            let page = shown(visit, id, Some((at, detail))).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(failure) => Err(failure.into()),
    }
}

/// What rules a form says: three lists side by side, of which those without a value are left out.
fn rules_in(said: &Said) -> Result<Vec<ClaimRule>, Refused> {
    let both = said.all("group").zip(said.all("role"));
    let rows = said.all("value").zip(both).filter(|(value, _)| !value.trim().is_empty());
    let rule = |(value, (group, role)): (&str, (&str, &str))| {
        let group = match group {
            "" => None,
            group => Some(parsed("group", group)?),
        };
        Ok(ClaimRule { value: value.trim().to_owned(), group, role: Role::named(role) })
    };
    rows.map(rule).collect()
}

/// Connects a provider, or changes what it may decide.
pub(crate) async fn connect(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let tenant: TenantId = parsed("team", &id)?;
    let ask = ConnectProvider {
        issuer: said.text("issuer").to_owned(),
        client_id: said.text("client_id").to_owned(),
        client_secret: said.get("client_secret").map(str::to_owned),
        groups_claim: said.text("groups_claim").to_owned(),
        rules: rules_in(&said)?,
        role: Role::named(said.text("newcomer")).unwrap_or(Role::Member),
        is_required: said.text("required") == "on",
    };
    let result = connect_provider(&visit.web.sso, visit.actor(), tenant, ask).await;
    done(&visit, &id, result, "Connected").await
}

/// Removes the provider.
pub(crate) async fn disconnect(Path(id): Path<String>, Posted { visit, .. }: Posted) -> Answer {
    let tenant: TenantId = parsed("team", &id)?;
    remove_provider(&visit.web.sso, visit.actor(), tenant).await?;
    Ok(visit.go(&format!("/people/{id}/sso"), Some(&said_so("Removed"))))
}

/// Names a domain.
pub(crate) async fn add(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let tenant: TenantId = parsed("team", &id)?;
    let domain = said.text("domain");
    let result = add_domain(&visit.web.sso, visit.actor(), tenant, domain).await;
    done(&visit, &id, result, "Added").await
}

/// Looks whether a domain says whose it is.
pub(crate) async fn verify(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let tenant: TenantId = parsed("team", &id)?;
    let domain = said.text("domain");
    let result = verify_domain(&visit.web.sso, visit.actor(), tenant, domain).await;
    done(&visit, &id, result, "It is yours").await
}

/// Removes a domain.
pub(crate) async fn forget(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let tenant: TenantId = parsed("team", &id)?;
    let domain = said.text("domain");
    let result = remove_domain(&visit.web.sso, visit.actor(), tenant, domain).await;
    done(&visit, &id, result, "Removed").await
}
