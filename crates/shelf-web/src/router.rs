//! Every address of the pages and what answers it.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::{get, post},
};

use tower_http::compression::CompressionLayer;

use crate::{
    assets, deadline,
    handlers::{
        audit, bulk, comments, company, conflicts, consent, device, door, exports, files, folders,
        history, imports, items, join, lists, mounts, offline, passkeys, password, people, privacy,
        save, settings, sharing, sso, tags, trash, usage, waiting, webhooks,
    },
    limit,
    policy::{self, FormGoesTo, Sandboxed},
    web::Web,
    within::within,
};

/// The pages, ready to be served beside the interfaces for programs.
pub fn router(web: Web) -> Router {
    let pages = Router::new()
        .merge(coming_in())
        .merge(lists_and_items())
        .merge(order())
        .merge(in_and_out())
        .merge(past_and_settings())
        .merge(people_and_rights())
        .merge(organisations())
        .merge(told())
        .merge(own())
        .merge(with_passkeys())
        .fallback(door::nothing_here);
    let pages = if web.development { pages.route("/design", get(door::design)) } else { pages };
    let pages = pages
        .layer(from_fn_with_state(web.clone(), limit::limit))
        .layer(from_fn(deadline::in_time))
        .layer(from_fn(with_policy))
        .route(
            // What is the same for all and kept by browsers counts for nobody.
            "/assets/{name}",
            get(|request: Request| async move { assets::serve(request.uri().path()) }),
        )
        .with_state(web);
    within(pages).layer(CompressionLayer::new())
}

/// Every answer carries the policy, also those that are not pages.
async fn with_policy(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    policy::apply(response.headers_mut());
    if response.extensions().get::<Sandboxed>().is_some() {
        policy::sandbox(response.headers_mut());
    }
    if let Some(FormGoesTo(place)) = response.extensions_mut().remove() {
        policy::let_forms_go_to(response.headers_mut(), &place);
    }
    response
}

fn coming_in() -> Router<Web> {
    Router::new()
        .route("/", get(door::home))
        .route("/welcome", get(door::welcome))
        .route("/sign-in", get(door::sign_in_page).post(door::sign_in))
        .route("/sign-in/password", post(password::sign_in))
        .route("/sign-in/sso", get(sso::page).post(sso::go))
        .route("/sign-in/sso/{team}", get(sso::back))
        .route("/sign-in/sso/{team}/logout", post(sso::logged_out))
        .route("/sign-in/code", get(password::lost).post(password::sign_in_lost))
        .route("/sign-out", post(door::sign_out))
        .route("/sample", post(door::add_sample))
        .route("/sample/remove", post(door::remove_sample))
        .route("/save", get(save::form).post(save::save))
        .route("/offline", get(offline::page))
        .route("/app.webmanifest", get(offline::manifest))
        .route("/worker.js", get(offline::worker))
        .route("/join", get(join::page).post(join::take_up))
        .route("/oauth/authorize", get(consent::page).post(consent::answer))
        .route("/device", get(device::page).post(device::look))
        .route("/device/answer", post(device::answer))
}

fn with_passkeys() -> Router<Web> {
    Router::new()
        .route("/sign-in/passkey", post(passkeys::sign_in))
        .route("/sign-in/passkey/begin", post(passkeys::begin_signing_in))
        .route("/join/passkey", post(passkeys::join))
        .route("/join/passkey/begin", post(passkeys::begin_to_join))
        .route("/settings/passkeys", get(passkeys::page).post(passkeys::add))
        .route("/settings/passkeys/begin", post(passkeys::begin_to_add))
        .route("/settings/passkeys/confirm", post(passkeys::confirm_with))
        .route("/settings/passkeys/confirm/begin", post(passkeys::begin_to_confirm))
        .route("/settings/passkeys/{id}/rename", post(passkeys::rename))
        .route("/settings/passkeys/{id}/remove", post(passkeys::remove))
}

fn people_and_rights() -> Router<Web> {
    Router::new()
        .route("/sharing", get(sharing::page).post(sharing::give))
        .route("/sharing/take-back", post(sharing::take_back))
        .route("/sharing/name", post(sharing::rename))
        .route("/people", get(people::page).post(people::create))
        .route("/people/{team}", get(people::one).post(people::rename))
        .route("/people/{team}/audit", get(audit::page))
        .route("/people/{team}/audit.jsonl", get(audit::file))
        .route("/people/{team}/usage", get(usage::page))
        .route("/admin", get(usage::server))
        .route("/admin/tenants/{tenant}", post(usage::give))
        .route("/people/{team}/libraries", post(people::new_library))
        .route("/people/{team}/members/{person}", post(people::set_role))
        .route("/people/{team}/members/{person}/remove", post(people::remove))
        .route("/people/{team}/invitations", post(people::invited))
        .route("/people/{team}/invitations/{id}/take-back", post(people::take_back))
        .route("/people/{team}/groups", post(people::new_group))
        .route("/people/{team}/groups/{group}", post(people::name_group))
        .route("/people/{team}/groups/{group}/remove", post(people::end_group))
        .route("/people/{team}/groups/{group}/members", post(people::into_group))
        .route("/people/{team}/groups/{group}/members/{person}/remove", post(people::out_of_group))
}

fn organisations() -> Router<Web> {
    Router::new()
        .route("/people/{team}/sso", get(sso::one).post(sso::connect))
        .route("/people/{team}/sso/remove", post(sso::disconnect))
        .route("/people/{team}/sso/domains", post(sso::add))
        .route("/people/{team}/sso/domains/verify", post(sso::verify))
        .route("/people/{team}/sso/domains/remove", post(sso::forget))
        .route("/people/{team}/sso/connect", get(sso::connecting).post(sso::connect_self))
}

fn told() -> Router<Web> {
    Router::new()
        .route("/webhooks", get(webhooks::page).post(webhooks::add))
        .route("/webhooks/{id}", get(webhooks::one).post(webhooks::edit))
        .route("/webhooks/{id}/state", post(webhooks::state))
        .route("/webhooks/{id}/secret", post(webhooks::secret))
        .route("/webhooks/{id}/test", post(webhooks::test))
        .route("/webhooks/{id}/remove", post(webhooks::remove))
        .route("/webhooks/{id}/again", post(webhooks::all_again))
        .route("/webhooks/{id}/deliveries/{delivery}/again", post(webhooks::again))
}

fn own() -> Router<Web> {
    Router::new()
        .route("/settings/privacy", get(privacy::page))
        .route("/settings/privacy/archive", get(privacy::archive))
        .route("/settings/privacy/erasure", post(privacy::erase))
        .route("/settings/privacy/erasure/take-back", post(privacy::stay))
        .route("/settings/privacy/restriction", post(privacy::restriction))
        .route("/settings/privacy/objections", post(privacy::objections))
        .route("/settings/privacy/consents", post(privacy::consents))
}

fn lists_and_items() -> Router<Web> {
    Router::new()
        .route("/library", get(lists::library))
        .route("/unread", get(lists::unread))
        .route("/favourites", get(lists::favourites))
        .route("/archive", get(lists::archive))
        .route("/unsorted", get(lists::unsorted))
        .route("/palette", get(lists::palette))
        .route("/items/{id}", get(items::page).post(items::edit))
        .route("/items/{id}/flags", post(items::flags))
        .route("/items/{id}/tags", post(items::tags))
        .route("/items/{id}/places", post(items::places))
        .route("/items/{id}/put-back", post(items::put_back))
        .route("/items/{id}/trash", post(items::trash))
        .route("/items/{id}/restore", post(items::restore))
        .route("/items/{id}/opened", post(items::opened))
        .route("/items/{id}/comments", post(comments::add))
        .route("/items/{id}/comments/{comment}", post(comments::edit))
        .route("/items/{id}/comments/{comment}/remove", post(comments::remove))
        .route("/items/{id}/files", post(files::add).layer(with_file()))
        .route("/items/{id}/files/{file}", get(files::content))
        .route("/items/{id}/files/{file}/remove", post(files::remove))
        .route("/conflicts", get(conflicts::page))
        .route("/conflicts/{item}", post(conflicts::settle))
        .route("/bulk", post(bulk::bulk))
}

/// What a form with a file may have.
fn with_file() -> DefaultBodyLimit {
    DefaultBodyLimit::max(files::FORM_BYTES_MAX)
}

fn order() -> Router<Web> {
    Router::new()
        .route("/folders", get(folders::page).post(folders::create))
        .route("/folders/choices", get(folders::choices))
        .route("/folders/{id}", get(lists::folder))
        .route("/folders/{id}/rename", post(folders::rename))
        .route("/folders/{id}/move", post(folders::move_to))
        .route("/folders/{id}/delete", post(folders::delete))
        .route("/folders/{id}/share", get(mounts::page).post(mounts::share))
        .route("/folders/{id}/mount", post(mounts::mount))
        .route("/tags", get(tags::page))
        .route("/tags/merge", post(tags::merge))
        .route("/tags/{id}", get(lists::tag))
        .route("/tags/{id}/rename", post(tags::rename))
        .route("/tags/{id}/delete", post(tags::delete))
        .route("/trash", get(trash::page))
        .route("/trash/empty", post(trash::empty))
        .route("/waiting", get(waiting::page))
        .route("/waiting/{device}", post(waiting::answer))
}

fn in_and_out() -> Router<Web> {
    Router::new()
        .route("/import", get(imports::start).post(imports::take))
        .route("/import/{id}", get(imports::page))
        .route("/import/{id}/progress", get(imports::progress))
        .route("/import/{id}/run", post(imports::run))
        .route("/import/{id}/undo", post(imports::undo))
        .route("/export", get(exports::page))
        .route("/export/{format}", get(exports::file))
}

fn past_and_settings() -> Router<Web> {
    Router::new()
        .route("/company/news", get(company::news))
        .route("/history", get(history::page))
        .route("/history/put-back", post(history::put_back))
        .route("/acts/{id}/undo", post(history::undo))
        .route("/settings", get(settings::page))
        .route("/settings/name", post(settings::rename))
        .route("/settings/appearance", post(settings::appearance))
        .route("/settings/presence", post(settings::presence))
        .route("/settings/activity", post(settings::activity))
        .route("/settings/activity/forget", post(settings::forget_activity))
        .route("/settings/password", get(password::page).post(password::set))
        .route("/settings/password/codes", post(password::make_codes))
        .route("/settings/password/remove", post(password::remove))
        .route("/settings/tokens", post(settings::make_token))
        .route("/settings/tokens/{id}/end", post(settings::end_grant))
        .route("/settings/sessions/{id}/end", post(settings::end_grant))
        .route("/settings/apps/{id}/end", post(settings::end_grant))
}
