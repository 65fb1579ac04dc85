//! The stores on real engines, held to what ports and their owners expect of them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

mod blobs;
mod bus;
mod lists;
mod limits;
mod presence;
mod exams;
mod locks;
mod migrations;
mod plans;
mod search;
mod tls;

use shelf_cluster::postgres::Postgres;
use shelf_testkit::ground::Ground;

/// The stores on `ground`.
async fn open(ground: &Ground) -> Postgres {
    Postgres::open(&ground.url).await.unwrap()
}
