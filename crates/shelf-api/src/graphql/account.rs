//! The caller: who they are, what may act for them, and the programs they let in.

use crate::graphql::asks::{Ask, Page};
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::library::Library;
use crate::graphql::payloads::DonePayload;
use crate::graphql::presence::PresenceSwitch;
use crate::graphql::scalars::DateTime;
use crate::graphql::{asks, write};
use crate::problem::Problem;
use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;

/// The caller.
#[derive(Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Viewer {
    /// The person.
    person: Person,
    /// The token or session they ask with.
    grant: Grant,
    /// The libraries they may use: their own first, then those shared with them, oldest first.
    pub libraries: Vec<Library>,
}

/// A person.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Person {
    #[graphql(skip)]
    id: ItemId,
    /// What they are called.
    name: String,
}

/// What may act for a person; also who a change was written by.
#[derive(Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Grant {
    #[graphql(skip)]
    id: ItemId,
    #[graphql(skip)]
    libraries: Option<Vec<ItemId>>,
    #[graphql(skip)]
    provided_by: Option<ItemId>,
    /// What it is: `token`, `session`, `local`, `device` or `app`.
    kind: String,
    /// The name its owner knows it by.
    name: String,
    /// When it was made.
    created_at: DateTime,
    /// When it ends; null is never.
    expires_at: Option<DateTime>,
    /// When it was last used, to the minute.
    used_at: Option<DateTime>,
    /// What it may be used for; null is all the person may do.
    scopes: Option<Vec<String>>,
}

/// A program that people may let in.
#[derive(Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Client {
    #[graphql(skip)]
    id: ItemId,
    /// What it is called.
    name: String,
    /// Where browsers may be sent back to, exactly; on this machine with any port.
    redirects: Vec<String>,
    /// The most it may ask for.
    scopes: Vec<String>,
    /// Whether it proves itself by a secret.
    has_secret: bool,
    /// Whether it may act for who registered it, by its secret alone.
    acts_alone: bool,
    /// When it was registered.
    created_at: DateTime,
}

/// A program the caller let in.
#[derive(Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct App {
    #[graphql(skip)]
    client: ItemId,
    /// Its grant.
    grant: Grant,
}

#[ComplexObject]
impl Viewer {
    /// Their tokens, latest first.
    async fn tokens(&self, ctx: &Context<'_>) -> Result<Vec<Grant>> {
        Ok(all(asks(ctx).of("Viewer.tokens")).await?)
    }

    /// Where they are signed in, latest first.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Grant>> {
        Ok(all(asks(ctx).of("Viewer.sessions")).await?)
    }

    /// Their paired devices, latest first.
    async fn devices(&self, ctx: &Context<'_>) -> Result<Vec<Grant>> {
        Ok(all(asks(ctx).of("Viewer.devices")).await?)
    }

    /// The programs they registered, oldest first.
    async fn clients(&self, ctx: &Context<'_>) -> Result<Vec<Client>> {
        Ok(all(asks(ctx).of("Viewer.clients")).await?)
    }

    /// The programs they let in, latest first.
    async fn apps(&self, ctx: &Context<'_>) -> Result<Vec<App>> {
        Ok(all(asks(ctx).of("Viewer.apps")).await?)
    }

    /// Whether what they open is remembered.
    async fn remembers_activity(&self, ctx: &Context<'_>) -> Result<bool> {
        #[derive(Deserialize)]
        struct Switch {
            on: bool,
        }
        let switch: Switch = asks(ctx).of("Viewer.remembersActivity").read().await?;
        Ok(switch.on)
    }

    /// Whether others see them in libraries they share.
    async fn shows_presence(&self, ctx: &Context<'_>) -> Result<bool> {
        let switch: PresenceSwitch = asks(ctx).of("Viewer.showsPresence").read().await?;
        Ok(switch.on)
    }
}

/// All rows of a list that is not cut into pages.
pub(crate) async fn all<T: DeserializeOwned>(ask: Ask<'_>) -> std::result::Result<Vec<T>, Problem> {
    let page: Page<T> = ask.read().await?;
    Ok(page.items)
}

#[ComplexObject]
impl Person {
    /// Their id.
    async fn id(&self) -> ID {
        Named::Person.id(&[self.id])
    }
}

#[ComplexObject]
impl Grant {
    /// Its id.
    async fn id(&self) -> ID {
        Named::Grant.id(&[self.id])
    }

    /// In which libraries alone; null is all.
    async fn libraries(&self) -> Option<Vec<ID>> {
        let all = self.libraries.as_ref()?;
        Some(all.iter().map(|library| Named::Library.id(&[*library])).collect())
    }

    /// The tenant whose identity provider it came by, itself or what made it.
    async fn provided_by(&self) -> Option<ID> {
        self.provided_by.map(|tenant| Named::Tenant.id(&[tenant]))
    }
}

#[ComplexObject]
impl Client {
    /// Its id.
    async fn id(&self) -> ID {
        Named::Client.id(&[self.id])
    }

    /// What it says of itself in OAuth (`client_id`).
    async fn uuid(&self) -> String {
        self.id.to_string()
    }
}

#[ComplexObject]
impl App {
    /// The program.
    async fn client(&self) -> ID {
        Named::Client.id(&[self.client])
    }
}

/// What token to make.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct CreateTokenInput {
    /// A name to know it by.
    name: String,
    /// When it ends; where it is not said, never, or when the token ends that makes it.
    expires_at: Option<DateTime>,
    /// What it may be used for, at most what the caller may; where it is not said, that.
    scopes: Option<Vec<String>>,
    /// In which libraries alone; all, where it is not said.
    libraries: Option<Vec<NodeId>>,
}

/// A new token.
#[derive(Deserialize, SimpleObject)]
pub(crate) struct TokenPayload {
    /// The token itself; shown this once.
    token: String,
    /// What is known of it.
    grant: Grant,
}

/// What program to register.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct RegisterClientInput {
    /// What it is called; whoever lets it in reads this.
    name: String,
    /// Where browsers may be sent back to, exactly.
    redirects: Option<Vec<String>>,
    /// The most it may ask for; all but `account:write`, where it is not said.
    scopes: Option<Vec<String>>,
    /// Whether it runs where it can keep a secret, and gets one.
    has_secret: Option<bool>,
    /// Whether it may act for the caller, by its secret alone.
    acts_alone: Option<bool>,
}

/// A program that was registered.
#[derive(Deserialize, SimpleObject)]
pub(crate) struct ClientPayload {
    /// The program.
    client: Client,
    /// Its secret, where it has one; shown this once.
    client_secret: Option<String>,
}

/// What is called.
#[derive(Debug, Serialize)]
pub(crate) struct Called {
    /// By this name.
    pub name: String,
}

/// What changes who the caller is and what acts for them.
#[derive(Debug, Default)]
pub(crate) struct AccountMutations;

#[Object]
impl AccountMutations {
    /// Gives oneself another name, wherever others see it.
    async fn rename_viewer(
        &self,
        ctx: &Context<'_>,
        name: String,
        idempotency_key: Option<String>,
    ) -> Result<Person> {
        let ask = write(ctx, "Mutation.renameViewer", idempotency_key);
        Ok(ask.patch(&Called { name }).done().await?)
    }

    /// Makes a token. It is in this answer alone: the same request again under its key is
    /// answered `shown_once`.
    async fn create_token(
        &self,
        ctx: &Context<'_>,
        input: CreateTokenInput,
        idempotency_key: Option<String>,
    ) -> Result<TokenPayload> {
        let ask = write(ctx, "Mutation.createToken", idempotency_key);
        Ok(ask.body(&input).done().await?)
    }

    /// Ends a token.
    async fn revoke_token(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<DonePayload> {
        let ask = write(ctx, "Mutation.revokeToken", idempotency_key);
        Ok(DonePayload::of(ask.at("grant", id.of(Named::Grant))).await?)
    }

    /// Ends a session.
    async fn end_session(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<DonePayload> {
        let ask = write(ctx, "Mutation.endSession", idempotency_key);
        Ok(DonePayload::of(ask.at("grant", id.of(Named::Grant))).await?)
    }

    /// Pairs a device: it pushes changes under its own id and counter.
    async fn pair_device(
        &self,
        ctx: &Context<'_>,
        name: String,
        idempotency_key: Option<String>,
    ) -> Result<Grant> {
        let ask = write(ctx, "Mutation.pairDevice", idempotency_key);
        Ok(ask.body(&Called { name }).done().await?)
    }

    /// Unpairs a device. What it wrote stays; it can push no more.
    async fn unpair_device(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<DonePayload> {
        let ask = write(ctx, "Mutation.unpairDevice", idempotency_key);
        Ok(DonePayload::of(ask.at("grant", id.of(Named::Grant))).await?)
    }

    /// Registers a program that people may let in by OAuth 2.1.
    async fn register_client(
        &self,
        ctx: &Context<'_>,
        input: RegisterClientInput,
        idempotency_key: Option<String>,
    ) -> Result<ClientPayload> {
        let ask = write(ctx, "Mutation.registerClient", idempotency_key);
        Ok(ask.body(&input).done().await?)
    }

    /// Removes a program, and shuts it out wherever it was let in.
    async fn remove_client(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<DonePayload> {
        let ask = write(ctx, "Mutation.removeClient", idempotency_key);
        Ok(DonePayload::of(ask.at("client", id.of(Named::Client))).await?)
    }

    /// Shuts a program out that the caller let in: by the id of its grant.
    async fn shut_out_app(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<DonePayload> {
        let ask = write(ctx, "Mutation.shutOutApp", idempotency_key);
        Ok(DonePayload::of(ask.at("grant", id.of(Named::Grant))).await?)
    }
}
