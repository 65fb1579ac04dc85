//! Libraries of a tenant, and who may use one.

use crate::graphql::account::Called;
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::library::Library;
use crate::graphql::payloads::DonePayload;
use crate::graphql::scalars::Right;
use crate::graphql::write;
use async_graphql::{ComplexObject, Context, Enum, InputObject, Object, Result, SimpleObject};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;

/// To whom a right is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HolderKind {
    /// One member of the library's tenant.
    Person,
    /// Whoever is in a group of it.
    Group,
    /// Every member of it.
    Everyone,
}

/// A right to a library.
#[derive(Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Share {
    #[graphql(skip)]
    holder: ItemId,
    /// To whom it is given.
    kind: HolderKind,
    /// What they are called.
    name: String,
    /// What they may do.
    right: Right,
}

#[ComplexObject]
impl Share {
    /// The person, the group, or the tenant whose members are meant, by the id REST knows.
    async fn holder(&self) -> String {
        self.holder.to_string()
    }
}

/// What to let somebody do.
#[derive(Debug, Serialize)]
struct Gives {
    kind: HolderKind,
    right: Right,
}

/// Whom to let do what in a library.
#[derive(Debug, InputObject)]
pub(crate) struct GiveRightInput {
    /// The library.
    library: NodeId,
    /// A person, a group, or the tenant whose members are meant.
    holder: NodeId,
    /// What they may do.
    right: Right,
}

/// What changes libraries and who may use them.
#[derive(Debug, Default)]
pub(crate) struct LibraryMutations;

#[Object]
impl LibraryMutations {
    /// Makes a library, which the caller manages; for members who are no viewers.
    async fn create_library(
        &self,
        ctx: &Context<'_>,
        tenant: NodeId,
        name: String,
        idempotency_key: Option<String>,
    ) -> Result<Library> {
        let ask = write(ctx, "Mutation.createLibrary", idempotency_key);
        let ask = ask.at("tenant", tenant.of(Named::Tenant)).body(&Called { name });
        Ok(ask.done().await?)
    }

    /// Renames a library; for who manages it.
    async fn edit_library(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        name: String,
        idempotency_key: Option<String>,
    ) -> Result<Library> {
        let ask = write(ctx, "Mutation.editLibrary", idempotency_key);
        let ask = ask.at("library", id.of(Named::Library)).patch(&Called { name });
        Ok(ask.done().await?)
    }

    /// Lets somebody use a library, in the place of what they might do before; for who manages
    /// it, and admins of its tenant.
    async fn give_right(
        &self,
        ctx: &Context<'_>,
        input: GiveRightInput,
        idempotency_key: Option<String>,
    ) -> Result<Share> {
        let kind = match input.holder.named() {
            Some(Named::Group) => HolderKind::Group,
            Some(Named::Tenant) => HolderKind::Everyone,
            _ => HolderKind::Person,
        };
        let ask = write(ctx, "Mutation.giveRight", idempotency_key);
        let ask = ask.at("library", input.library.of(Named::Library));
        let ask = ask.at("holder", input.holder.own());
        Ok(ask.body(&Gives { kind, right: input.right }).done().await?)
    }

    /// Takes back what somebody may do in a library; for who manages it, and admins of its
    /// tenant.
    async fn take_right_back(
        &self,
        ctx: &Context<'_>,
        library: NodeId,
        holder: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<DonePayload> {
        let ask = write(ctx, "Mutation.takeRightBack", idempotency_key);
        let ask = ask.at("library", library.of(Named::Library));
        Ok(DonePayload::of(ask.at("holder", holder.own())).await?)
    }
}
