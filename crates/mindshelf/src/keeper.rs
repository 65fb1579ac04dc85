//! What only the owner's own commands may ask: a new link, how everything stands, a rebuild.
//!
//! The routes below `/local` open for the local key alone, never for a token or a session.

use crate::followers::Followers;
use crate::records::{Records, Standing};
use crate::replacing::{By, Replaced, RootFiles, replace};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::{Deserialize, Serialize};
use shelf_bookmarks::Stores;
use shelf_follow::{Parked, Report};
use shelf_identity::operators::name_operator;
use shelf_identity::{Actor, Doors, Secret, Signed, authenticate, create_link};
use shelf_ports::accounts::GrantKind;
use shelf_ports::{Failure, Fault};
use shelf_vault::RootVault;
use std::sync::Arc;

/// What the keeper works with.
#[derive(Clone, Debug)]
pub(crate) struct Keeper {
    pub(crate) stores: Stores,
    pub(crate) records: Records,
    pub(crate) data: String,
    pub(crate) followers: Arc<Followers>,
    pub(crate) vault: Arc<RootVault>,
    pub(crate) files: RootFiles,
}

/// A new sign-in link, as its secret.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) secret: String,
}

/// How everything stands.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Health {
    /// The version of the program.
    pub(crate) version: String,
    /// Where the data is.
    pub(crate) data: String,
    /// How commits are made durable.
    pub(crate) durability: String,
    /// What the database's own check found wrong; nothing is good.
    pub(crate) damage: Vec<String>,
    /// Libraries and where their logs stand.
    pub(crate) libraries: Vec<LibraryHealth>,
    /// Followers and how far behind they are.
    pub(crate) followers: Vec<FollowerHealth>,
    /// What to do about it; nothing is good.
    pub(crate) advice: Vec<String>,
}

/// One library.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LibraryHealth {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) seq: u64,
    pub(crate) bookmarks: u64,
}

/// One follower.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FollowerHealth {
    pub(crate) name: String,
    /// How many of the 64 groups of libraries it follows in this process.
    pub(crate) groups: usize,
    pub(crate) lag_changes: u64,
    pub(crate) lag_seconds: f64,
    pub(crate) batch_size: usize,
    pub(crate) retries: u64,
    pub(crate) parked: Vec<String>,
}

impl From<Report> for FollowerHealth {
    fn from(report: Report) -> Self {
        let told = |parked: Parked| format!("{}: {}", parked.scope.library, parked.problem);
        Self {
            name: report.follower.to_owned(),
            groups: report.groups,
            lag_changes: report.lag_changes,
            lag_seconds: report.lag_seconds,
            batch_size: report.batch_size,
            retries: report.retries,
            parked: report.parked.into_iter().map(told).collect(),
        }
    }
}

/// The routes of the owner's own commands.
pub(crate) fn router(keeper: Keeper) -> Router {
    Router::new()
        .route("/local/link", post(link))
        .route("/local/doctor", get(doctor))
        .route("/local/followers", get(followers))
        .route("/local/rebuild", post(rebuild))
        .route("/local/operators", post(operators))
        .route("/local/root-key", post(replace_root_key))
        .route_layer(from_fn_with_state(keeper.clone(), owner_only))
        .with_state(keeper)
}

/// A fault as an answer; logged here, once.
struct Broken(Fault);

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl IntoResponse for Broken {
    fn into_response(self) -> Response {
        tracing::error!(error = &self.0 as &dyn std::error::Error, "a command met a fault");
        let problem = serde_json::json!({ "title": "something broke here", "code": "internal",
            "detail": self.0.to_string() });
        (StatusCode::INTERNAL_SERVER_ERROR, Json(problem)).into_response()
    }
}

async fn owner_only(State(keeper): State<Keeper>, mut request: Request, next: Next) -> Response {
    let value = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let secret = value.and_then(|value| value.strip_prefix("Bearer ")).map(Secret::sent);
    let signed = match secret {
        Some(secret) => authenticate(&doors(&keeper), &secret).await.ok().flatten(),
        None => None,
    };
    let Some(signed) = signed.filter(|signed| signed.grant.kind == GrantKind::Local) else {
        let problem = serde_json::json!({ "title": "this is for commands on the machine itself",
            "code": "forbidden", "detail": "" });
        return (StatusCode::FORBIDDEN, Json(problem)).into_response();
    };
    request.extensions_mut().insert(signed);
    next.run(request).await
}

async fn link(
    State(keeper): State<Keeper>,
    Extension(signed): Extension<Signed>,
) -> Result<Json<Link>, Broken> {
    let link = create_link(&doors(&keeper), signed.person.id).await?;
    Ok(Json(Link { secret: link.secret.expose().to_owned() }))
}

/// Who is to run the server, or no more.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Operator {
    /// Their id, or their name where no other has it.
    pub(crate) who: String,
    /// Whether they do from now on.
    pub(crate) runs: bool,
}

/// Lets somebody run the server, or no more; the answer is their name.
async fn operators(
    State(keeper): State<Keeper>,
    Extension(signed): Extension<Signed>,
    Json(asked): Json<Operator>,
) -> Result<Response, Broken> {
    let Operator { who, runs } = asked;
    match name_operator(&doors(&keeper), Actor::from(&signed), &who, runs).await {
        Ok(person) => Ok(Json(person.name).into_response()),
        Err(Failure::Fault(fault)) => Err(fault.into()),
        Err(Failure::Refused(refused)) => {
            let problem = serde_json::json!({ "title": refused.code.sentence(),
                "code": refused.code.name(), "detail": refused.detail });
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Json(problem)).into_response())
        }
    }
}

async fn doctor(State(keeper): State<Keeper>) -> Result<Json<Health>, Broken> {
    let mut libraries = Vec::new();
    for library in keeper.stores.accounts.all_libraries().await? {
        let head = keeper.stores.library.head(library.scope()).await?;
        let counts = keeper.stores.views.counts(library.scope()).await?;
        libraries.push(LibraryHealth {
            id: library.id.to_string(),
            name: library.name,
            seq: head.seq,
            bookmarks: counts.bookmarks,
        });
    }
    let followers = keeper.followers.reports().await.into_iter().map(FollowerHealth::from);
    let followers: Vec<FollowerHealth> = followers.collect();
    let Standing { durability, damage, advice } = keeper.records.standing().await?;
    let advice = [advice, self::advice(&damage, &followers)].concat();
    let data = keeper.data;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Json(Health { version, data, durability, damage, libraries, followers, advice }))
}

async fn followers(State(keeper): State<Keeper>) -> Json<Vec<FollowerHealth>> {
    Json(keeper.followers.reports().await.into_iter().map(FollowerHealth::from).collect())
}

/// Folds every library again from its log and lets every follower begin again.
async fn rebuild(State(keeper): State<Keeper>) -> Result<StatusCode, Broken> {
    for library in keeper.stores.accounts.all_libraries().await? {
        keeper.stores.library.refold(library.scope()).await?;
        for follower in keeper.followers.iter() {
            follower.rebuild(library.scope()).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces the root key. Why it cannot be is told to whoever runs the machine.
async fn replace_root_key(
    State(keeper): State<Keeper>,
    Extension(signed): Extension<Signed>,
) -> Result<Json<Replaced>, (StatusCode, Json<serde_json::Value>)> {
    let Stores { audit, clock, chance, .. } = &keeper.stores;
    let (person, now) = (signed.person.id, clock.now_ms());
    let usage = keeper.records.usage();
    let by = By { person, now, audit: &**audit, usage: &*usage, chance: &**chance };
    replace(&keeper.files, &keeper.vault, &by).await.map(Json).map_err(|error| {
        let problem = serde_json::json!({ "title": "the root key was not replaced to its end",
            "code": "internal", "detail": format!("{error:#}") });
        (StatusCode::INTERNAL_SERVER_ERROR, Json(problem))
    })
}

/// What to do about what was found.
fn advice(damage: &[String], followers: &[FollowerHealth]) -> Vec<String> {
    let mut advice = Vec::new();
    if !damage.is_empty() {
        advice.push(
            "the database is damaged: stop, copy the directory away, restore a backup".into(),
        );
    }
    for follower in followers {
        if !follower.parked.is_empty() {
            let name = &follower.name;
            advice.push(format!("{name} cannot take in a library: run `mindshelf rebuild`"));
        } else if follower.lag_seconds > LAG_SECONDS_MAX {
            let (name, lag) = (&follower.name, follower.lag_changes);
            advice.push(format!("{name} is {lag} changes behind: wait, or look at the log"));
        }
    }
    advice
}

/// The lag from which on the doctor has something to say.
const LAG_SECONDS_MAX: f64 = 30.0;

fn doors(keeper: &Keeper) -> Doors {
    let Stores { accounts, tenants, audit, rooms, clock, chance, .. } = keeper.stores.clone();
    Doors { accounts, tenants, audit, rooms, clock, chance }
}
