//! How Qdrant says no: what is away, what is lost, and what is found.

use super::Hit;
use qdrant_client::QdrantError;
use qdrant_client::qdrant::ScoredPoint;
use qdrant_client::qdrant::point_id::PointIdOptions;
use shelf_ports::{Away, Fault};
use std::error::Error;
use tokio::time::error::Elapsed;

const ASKING: &str = "asking Qdrant";
const REMEDY: &str = "see that Qdrant runs, and that the settings name its gRPC port";

/// Codes of gRPC that end by themselves: cancelled, unknown, late, exhausted, unavailable.
const PASSING: [i32; 5] = [1, 2, 4, 8, 14];
const NOT_FOUND: i32 = 5;
/// The code of a collection that was made before.
pub(super) const ALREADY_EXISTS: i32 = 6;

/// Qdrant cannot be reached.
#[derive(Debug)]
struct QdrantAway(Box<dyn Error + Send + Sync>);

impl std::fmt::Display for QdrantAway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Qdrant does not answer: {REMEDY}")
    }
}

impl Error for QdrantAway {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// The points of an answer.
pub(super) fn hits(points: Vec<ScoredPoint>) -> Vec<Hit> {
    let hit = |point: ScoredPoint| match point.id?.point_id_options? {
        PointIdOptions::Num(id) => Some((id.cast_signed(), point.score)),
        PointIdOptions::Uuid(_) => None,
    };
    points.into_iter().filter_map(hit).collect()
}

/// What was answered; `None` if the collection is not there.
pub(super) fn found<T>(answer: Result<T, QdrantError>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if code(&error) == Some(NOT_FOUND) => Ok(None),
        Err(error) => Err(fault(error)),
    }
}

/// The code of gRPC, where the server answered.
pub(super) fn code(error: &QdrantError) -> Option<i32> {
    match error {
        QdrantError::ResponseError { status }
        | QdrantError::ResourceExhaustedError { status, .. } => Some(i32::from(status.code())),
        _ => None,
    }
}

/// The fault an error is.
pub(super) fn fault(error: QdrantError) -> Fault {
    let unreached = |status: &str| status.starts_with("Failed to connect");
    let is_away = match &error {
        QdrantError::ResponseError { status } => {
            PASSING.contains(&i32::from(status.code())) || unreached(status.message())
        }
        QdrantError::ResourceExhaustedError { .. } | QdrantError::Io(_) => true,
        _ => false,
    };
    if !is_away {
        return Fault::new(ASKING, error);
    }
    away(error.into())
}

/// The fault of an answer that did not come in time.
pub(super) fn late(elapsed: Elapsed) -> Fault {
    away(elapsed.into())
}

/// Whether `fault` is that Qdrant is away, and not PostgreSQL.
pub(in super::super) fn is_ours(fault: &Fault) -> bool {
    fault.source.downcast_ref::<Away>().is_some_and(|away| away.0.is::<QdrantAway>())
}

fn away(error: Box<dyn Error + Send + Sync>) -> Fault {
    tracing::warn!(error = &*error as &dyn Error, "Qdrant is away: {REMEDY}");
    Fault::new(ASKING, Away(QdrantAway(error).into()))
}
