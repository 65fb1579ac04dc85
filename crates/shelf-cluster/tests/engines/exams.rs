//! The exams of the ports, each on a database of its own.

use crate::open;
use shelf_testkit::exams;
use shelf_testkit::ground::Ground;

#[tokio::test]
async fn the_library_sits_its_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::library::exam(&store, &store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn captures_sit_their_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::captures::exam(&store, &store, &store, &store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn replicas_sit_their_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::replicas::exam(&store, &store, &store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn views_sit_their_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::views::exam(&store, &store, &store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn news_sits_its_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::news::exam(&store, &store, &store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn accounts_sit_their_exam() {
    for ground in Ground::all().await {
        exams::accounts::exam(&open(&ground).await).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn tenants_sit_their_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::tenants::exam(&store, &store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn the_audit_logs_sit_their_exam() {
    for ground in Ground::all().await {
        exams::audit::exam(&open(&ground).await).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn credentials_sit_their_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::credentials::exam(&store, &store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn passkeys_sit_their_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::passkeys::exam(&store, &store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn programs_that_are_let_in_sit_their_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::oauth::exam(&store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn identity_providers_sit_their_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::sso::exam(&store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn activity_sits_its_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::activity::exam(&store, &store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn webhooks_sit_their_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::webhooks::exam(&store, &store, &store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn imports_sit_their_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::imports::exam(&store, &store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn privacy_sits_its_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::privacy::exam(&store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn keys_sit_their_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::keys::exam(&store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn usage_sits_its_exam() {
    for ground in Ground::all().await {
        let store = open(&ground).await;
        exams::usage::exam(&store).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn kept_replies_sit_their_exam() {
    for ground in Ground::all().await {
        exams::replies::exam(&open(&ground).await).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn leases_sit_their_exam() {
    for ground in Ground::all().await {
        exams::leases::exam(&open(&ground).await).await;
        ground.end().await;
    }
}

#[tokio::test]
async fn the_archive_sits_its_exam() {
    for (from, to) in Ground::all().await.into_iter().zip(Ground::all().await) {
        exams::archive::exam(&open(&from).await, &open(&to).await).await;
        from.end().await;
        to.end().await;
    }
}
