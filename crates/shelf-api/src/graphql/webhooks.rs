//! Webhooks: who is told what happens in a library, and what was sent to them.

use crate::cursor;
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::pages::{Pages, page, pages};
use crate::graphql::payloads::{DonePayload, act_in};
use crate::graphql::scalars::{DateTime, Home, word};
use crate::graphql::{asks, write};
use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject,
};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;

/// How an endpoint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EndpointState {
    /// It is told what happens.
    Active,
    /// What happens waits for it.
    Paused,
    /// It was given up: nothing got through for three days.
    Failing,
    /// It answered 410.
    Gone,
}

/// An endpoint of webhooks.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Webhook {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    id: ItemId,
    /// Where events are posted to.
    url: String,
    /// What was written about it.
    description: String,
    /// The types of events it is told of; none is all.
    types: Vec<String>,
    /// How it stands.
    state: EndpointState,
    /// When it was added.
    created_at: DateTime,
    /// When something got through last.
    succeeded_at: Option<DateTime>,
    /// Tries that failed in a row.
    failures: u32,
    /// Deliveries that wait for it.
    waiting: u64,
    /// Gestures it was not told of since it was resumed last.
    missed: u64,
    /// Until when deliveries are signed with the secret before as well.
    old_secret_until: Option<DateTime>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryState {
    /// It waits for its next try, or is being tried.
    Waiting,
    /// It was taken.
    Delivered,
    /// It is given up.
    Failed,
}

/// An event on its way to an endpoint.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Delivery {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[serde(skip, default = "nobody")]
    #[graphql(skip)]
    endpoint: ItemId,
    #[graphql(skip)]
    id: ItemId,
    #[graphql(skip)]
    act: Option<ItemId>,
    /// The type of the event.
    r#type: String,
    /// Which part of the gesture: one that goes on for long is told in several.
    part: u32,
    /// When it was written down.
    created_at: DateTime,
    /// What became of it.
    state: DeliveryState,
    /// How often it was tried.
    attempts: u32,
    /// When it is tried next.
    next_at: Option<DateTime>,
    /// When it was tried last.
    tried_at: Option<DateTime>,
    /// The status it was answered with then.
    status: Option<u16>,
    /// Why it was not taken then.
    trouble: Option<String>,
    /// How long that took, milliseconds.
    took_ms: Option<u32>,
}

fn nobody() -> ItemId {
    crate::graphql::ids::NOTHING
}

impl Webhook {
    /// The same, in the library of `home`.
    pub(crate) fn settled(self, home: Home) -> Self {
        Self { home, ..self }
    }
}

impl Delivery {
    /// The same, to `endpoint` in the library of `home`.
    pub(crate) fn settled(self, home: Home, endpoint: ItemId) -> Self {
        Self { home, endpoint, ..self }
    }
}

#[ComplexObject]
impl Webhook {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        Named::Webhook.id(&[self.home.library, self.id])
    }

    /// The id REST knows it by.
    async fn uuid(&self) -> String {
        self.id.to_string()
    }

    /// What was sent to it in the last thirty days, latest first.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        state: Option<DeliveryState>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<Pages<Delivery>> {
        let ask = asks(ctx).of("Webhook.deliveries").at("library", self.home.library);
        let ask = ask.at("endpoint", self.id).with("state", state.and_then(word));
        let mut told = page::<Delivery>(ask, first, after.as_deref()).await?;
        let settled = told.items.into_iter().map(|one| one.settled(self.home, self.id));
        told.items = settled.collect();
        let last = |one: &Delivery| cursor::seal("deliveries", &(one.created_at.0.0, one.id));
        Ok(pages(told, after.as_deref(), last))
    }
}

#[ComplexObject]
impl Delivery {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        Named::Delivery.id(&[self.home.library, self.endpoint, self.id])
    }

    /// The `webhook-id` of every try.
    async fn uuid(&self) -> String {
        self.id.to_string()
    }

    /// The gesture it tells of; null where it is a test.
    async fn act(&self) -> Option<ID> {
        act_in(self.home, self.act)
    }
}

/// What endpoint to add.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct AddWebhookInput {
    /// The library.
    #[serde(skip_serializing)]
    library: NodeId,
    /// Where events are posted to: https, or http.
    url: String,
    /// What to know it by.
    description: Option<String>,
    /// The types of events it is told of; all, where none is said.
    types: Option<Vec<String>>,
}

/// What to change; what is absent stays.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct EditWebhookInput {
    /// The endpoint.
    #[serde(skip_serializing)]
    id: NodeId,
    /// Where events are posted to; never empty.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    url: MaybeUndefined<String>,
    /// What to know it by.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    description: MaybeUndefined<String>,
    /// The types of events it is told of; all, where it is null or empty.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    types: MaybeUndefined<Vec<String>>,
    /// Whether what happens waits. `false` resumes an endpoint, also one that was given up.
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    paused: MaybeUndefined<bool>,
}

/// A new endpoint.
#[derive(Deserialize, SimpleObject)]
pub(crate) struct WebhookPayload {
    /// What its deliveries are signed with; shown this once.
    signing_secret: String,
    /// What is known of it.
    webhook: Webhook,
}

/// Another secret.
#[derive(Deserialize, SimpleObject)]
pub(crate) struct WebhookSecretPayload {
    /// What deliveries are signed with from now on; shown this once.
    signing_secret: String,
}

/// Since when.
#[derive(Debug, Serialize)]
struct Since {
    since: DateTime,
}

/// How much is sent again.
#[derive(Debug, Deserialize, SimpleObject)]
pub(crate) struct ReplayedPayload {
    /// How many deliveries.
    deliveries: u64,
}

/// What changes webhooks; for who manages the library.
#[derive(Debug, Default)]
pub(crate) struct WebhookMutations;

#[Object]
impl WebhookMutations {
    /// Adds an endpoint to a library. The secret is in this answer alone: the same request again
    /// under its key is answered `shown_once`.
    async fn add_webhook(
        &self,
        ctx: &Context<'_>,
        input: AddWebhookInput,
        idempotency_key: Option<String>,
    ) -> Result<WebhookPayload> {
        let library = input.library.of(Named::Library);
        let ask = write(ctx, "Mutation.addWebhook", idempotency_key).at("library", library);
        let mut added: WebhookPayload = ask.body(&input).done().await?;
        added.webhook.home = Home::now(library);
        Ok(added)
    }

    /// Changes, pauses or resumes an endpoint.
    async fn edit_webhook(
        &self,
        ctx: &Context<'_>,
        input: EditWebhookInput,
        idempotency_key: Option<String>,
    ) -> Result<Webhook> {
        let ask = write(ctx, "Mutation.editWebhook", idempotency_key).patch(&input);
        let ask = ask.at("library", input.id.home()).at("endpoint", input.id.own());
        Ok(ask.done::<Webhook>().await?.settled(Home::now(input.id.home())))
    }

    /// Removes an endpoint and what waits for it.
    async fn remove_webhook(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<DonePayload> {
        let ask = write(ctx, "Mutation.removeWebhook", idempotency_key);
        let ask = ask.at("library", id.home()).at("endpoint", id.own());
        Ok(DonePayload::of(ask).await?)
    }

    /// Gives an endpoint another secret. For a day deliveries carry two signatures.
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<WebhookSecretPayload> {
        let ask = write(ctx, "Mutation.rotateWebhookSecret", idempotency_key);
        Ok(ask.at("library", id.home()).at("endpoint", id.own()).done().await?)
    }

    /// Sends an endpoint a test, which is tried once.
    async fn test_webhook(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<Delivery> {
        let ask = write(ctx, "Mutation.testWebhook", idempotency_key);
        let ask = ask.at("library", id.home()).at("endpoint", id.own());
        Ok(ask.done::<Delivery>().await?.settled(Home::now(id.home()), id.own()))
    }

    /// Sends a delivery once more, whatever became of it.
    async fn replay_delivery(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<Delivery> {
        let ask = write(ctx, "Mutation.replayDelivery", idempotency_key);
        let ask = ask.at("library", id.home()).at("endpoint", id.middle());
        let ask = ask.at("delivery", id.own());
        Ok(ask.done::<Delivery>().await?.settled(Home::now(id.home()), id.middle()))
    }

    /// Sends all deliveries once more that failed since a moment.
    async fn replay_failed(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        since: DateTime,
        idempotency_key: Option<String>,
    ) -> Result<ReplayedPayload> {
        let ask = write(ctx, "Mutation.replayFailed", idempotency_key).body(&Since { since });
        Ok(ask.at("library", id.home()).at("endpoint", id.own()).done().await?)
    }
}
