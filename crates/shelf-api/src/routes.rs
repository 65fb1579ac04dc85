//! The routes, one file for what belongs together.
#![expect(unused_qualifications, reason = "query parameters of the document expand to full paths")]

mod health;
mod me;
mod access;
mod clients;
mod passkeys;
pub(crate) mod oauth;
mod tenants;
mod groups;
mod invitations;
mod sso;
mod shares;
mod audit;
mod usage;
mod webhooks;
mod shown;
mod bookmarks;
mod edit;
mod bulk;
mod places;
mod comments;
mod files;
mod conflicts;
mod collections;
mod mounts;
mod tags;
mod found;
mod search;
mod imports;
mod exports;
mod trash;
mod history;
pub(crate) mod sync;
mod replicas;
mod part;
mod held;
mod activity;
pub(crate) mod presence;
mod everything;
mod privacy;

use crate::Api;
use utoipa_axum::router::OpenApiRouter;

/// The routes that say how the process is.
pub(crate) fn operations() -> OpenApiRouter<Api> {
    health::routes()
}

/// Those that devices sync by: who they act for, how they are paired, and the log.
pub(crate) fn of_sync() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(operations())
        .merge(me::routes())
        .merge(access::pairing())
        .merge(sync::routes())
        .merge(replicas::routes())
        .merge(part::routes())
        .merge(held::routes())
}

/// Every route of the interface.
pub(crate) fn all() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(operations())
        .merge(me::routes())
        .merge(access::routes())
        .merge(clients::routes())
        .merge(passkeys::routes())
        .merge(tenants::routes())
        .merge(groups::routes())
        .merge(invitations::routes())
        .merge(sso::routes())
        .merge(shares::routes())
        .merge(audit::routes())
        .merge(usage::routes())
        .merge(webhooks::routes())
        .merge(bookmarks::routes())
        .merge(bulk::routes())
        .merge(places::routes())
        .merge(comments::routes())
        .merge(files::routes())
        .merge(conflicts::routes())
        .merge(collections::routes())
        .merge(mounts::routes())
        .merge(tags::routes())
        .merge(search::routes())
        .merge(imports::routes())
        .merge(exports::routes())
        .merge(trash::routes())
        .merge(history::routes())
        .merge(sync::routes())
        .merge(replicas::routes())
        .merge(part::routes())
        .merge(held::routes())
        .merge(activity::routes())
        .merge(presence::routes())
        .merge(privacy::routes())
}
