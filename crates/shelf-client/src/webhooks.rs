//! Endpoints of webhooks: who is told what happens in a library.

use crate::client::encoded;
use crate::{ClientFailure, LibraryClient};
use serde::{Deserialize, Serialize};

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// Where events are posted to.
    pub url: String,
    /// What was written about it.
    pub description: String,
    /// How it stands: `active`, `paused`, `failing`, `gone`.
    pub state: String,
    /// How much waits for it.
    pub waiting: u64,
    /// How much it was not told of.
    pub missed: u64,
}

/// An endpoint to add.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AddWebhook {
    /// Where events are posted to.
    pub url: String,
    /// What to know it by.
    pub description: String,
    /// The types of events it is told of; none is all.
    pub types: Vec<String>,
}

/// A new endpoint; the only time its secret is seen.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct NewWebhook {
    /// What its deliveries are signed with.
    pub signing_secret: String,
    /// What is known of it.
    pub webhook: Webhook,
}

impl std::fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewWebhook").field("webhook", &self.webhook).finish_non_exhaustive()
    }
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DeliveryInfo {
    /// Its id.
    pub id: String,
    /// `waiting`, `delivered` or `failed`.
    pub state: String,
    /// The status it was answered with.
    pub status: Option<u16>,
    /// Why it was not taken.
    pub trouble: Option<String>,
}

#[derive(Deserialize)]
struct Webhooks {
    items: Vec<Webhook>,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct Paused {
    paused: bool,
}

impl LibraryClient {
    /// The endpoints, oldest first.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, ClientFailure> {
        self.client.get::<Webhooks>(&self.at("webhooks")).await.map(|all| all.items)
    }

    /// Adds an endpoint.
    pub async fn add_webhook(&self, ask: &AddWebhook) -> Result<NewWebhook, ClientFailure> {
        self.client.post(&self.at("webhooks"), ask).await
    }

    /// Has what happens wait for an endpoint, or told again.
    pub async fn pause_webhook(&self, id: &str, paused: bool) -> Result<Webhook, ClientFailure> {
        self.client.patch(&self.webhook(id), &Paused { paused }).await
    }

    /// Sends an endpoint a test.
    pub async fn test_webhook(&self, id: &str) -> Result<DeliveryInfo, ClientFailure> {
        self.client.post(&format!("{}/test", self.webhook(id)), &Nothing {}).await
    }

    /// What became of a delivery.
    pub async fn delivery(&self, id: &str, delivery: &str) -> Result<DeliveryInfo, ClientFailure> {
        let at = format!("{}/deliveries/{}", self.webhook(id), encoded(delivery));
        self.client.get(&at).await
    }

    /// Removes an endpoint.
    pub async fn remove_webhook(&self, id: &str) -> Result<(), ClientFailure> {
        self.client.delete(&self.webhook(id)).await
    }

    fn webhook(&self, id: &str) -> String {
        self.at(&format!("webhooks/{}", encoded(id)))
    }
}
