//! Whether the process lives, whether it is ready, what it counts, and what problems mean.

use crate::Api;
use crate::problem::{Problem, Wrong, status_of};
use crate::wire::{Answer, json};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Serialize;
use shelf_domain::refusal::{Code, Refused};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file; none asks for a token.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(lives))
        .routes(routes!(ready))
        .routes(routes!(counted))
        .routes(routes!(explained))
}

/// How the process is.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`, or `waiting`.
    status: &'static str,
    /// What is waited for.
    waiting: Vec<String>,
    /// What is away without which the process goes on, less well.
    degraded: Vec<String>,
}

impl Health {
    fn ok(degraded: Vec<String>) -> Self {
        Self { status: "ok", waiting: Vec::new(), degraded }
    }
}

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "operations", operation_id = "get_health",
    security(()),
    responses((status = 200, description = "It does.", body = Health)))]
async fn lives() -> Answer {
    json(Health::ok(Vec::new()))
}

/// Whether the process can take requests.
#[utoipa::path(get, path = "/readyz", tag = "operations", operation_id = "get_readiness",
    security(()),
    responses((status = 200, description = "It can.", body = Health),
        (status = 503, description = "Not yet.", body = Health)))]
async fn ready(State(api): State<Api>) -> Answer {
    let (waiting, degraded) = (api.probes.waiting().await, api.probes.degraded().await);
    if waiting.is_empty() {
        return json(Health::ok(degraded));
    }
    let health = Json(Health { status: "waiting", waiting, degraded });
    Ok((StatusCode::SERVICE_UNAVAILABLE, health).into_response())
}

/// Metrics, in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operations", operation_id = "get_metrics",
    security(()),
    responses((status = 200, description = "Metrics.", body = String,
        content_type = "text/plain")))]
async fn counted(State(api): State<Api>) -> Answer {
    let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, api.probes.metrics()).into_response())
}

/// What a kind of problem means.
#[derive(Debug, Serialize, ToSchema)]
struct Explained {
    /// Its stable name.
    code: &'static str,
    /// The status it comes with.
    status: u16,
    /// One sentence.
    title: &'static str,
    /// What the caller can do about it.
    remedy: &'static str,
}

/// What a kind of problem means.
///
/// The address in `type` of every problem.
#[utoipa::path(get, path = "/problems/{code}", tag = "operations", operation_id = "get_problem",
    security(()), params(("code" = String, Path, description = "The code of a problem.",
        example = "already_saved")),
    responses((status = 200, description = "The kind.", body = Explained)))]
async fn explained(Path(name): Path<String>) -> Answer {
    let known = Code::ALL.into_iter().find(|code| code.name() == name).map(|code| Explained {
        code: code.name(),
        status: status_of(code).as_u16(),
        title: code.sentence(),
        remedy: code.remedy(),
    });
    let wrong =
        || {
            let mut texts = Wrong::NAMED.into_iter().map(Wrong::text);
            texts.find(|(_, code, ..)| *code == name).map(|(status, code, title, remedy)| {
                Explained { code, status: status.as_u16(), title, remedy }
            })
        };
    match known.or_else(wrong) {
        Some(explained) => json(explained),
        None => Err(Problem::from(Refused::new(Code::NotFound, "", "there is no such problem"))),
    }
}
