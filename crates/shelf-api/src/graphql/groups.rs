//! Groups of a tenant, and what changes them.

use crate::graphql::account::Called;
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::payloads::DonePayload;
use crate::graphql::tenants::nowhere;
use crate::graphql::write;
use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use serde::Deserialize;
use shelf_domain::id::ItemId;

/// Members of a tenant under one name.
#[derive(Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Group {
    #[serde(skip, default = "nowhere")]
    #[graphql(skip)]
    tenant: ItemId,
    #[graphql(skip)]
    id: ItemId,
    #[graphql(skip)]
    people: Vec<ItemId>,
    /// Its name.
    name: String,
}

impl Group {
    /// Says of which tenant it is.
    pub(crate) fn settle(&mut self, tenant: ItemId) {
        self.tenant = tenant;
    }
}

#[ComplexObject]
impl Group {
    /// Its id.
    async fn id(&self) -> ID {
        Named::Group.id(&[self.tenant, self.id])
    }

    /// Who is in it.
    async fn people(&self) -> Vec<ID> {
        self.people.iter().map(|person| Named::Person.id(&[*person])).collect()
    }
}

/// What changes groups.
#[derive(Debug, Default)]
pub(crate) struct GroupMutations;

#[Object]
impl GroupMutations {
    /// Makes a group; for admins.
    async fn create_group(
        &self,
        ctx: &Context<'_>,
        tenant: NodeId,
        name: String,
        idempotency_key: Option<String>,
    ) -> Result<Group> {
        let tenant = tenant.of(Named::Tenant);
        let ask = write(ctx, "Mutation.createGroup", idempotency_key).at("tenant", tenant);
        let mut group: Group = ask.body(&Called { name }).done().await?;
        group.tenant = tenant;
        Ok(group)
    }

    /// Renames a group; for admins.
    async fn edit_group(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        name: String,
        idempotency_key: Option<String>,
    ) -> Result<Group> {
        let ask = write(ctx, "Mutation.editGroup", idempotency_key).at("tenant", id.home());
        let ask = ask.at("group", id.of(Named::Group)).patch(&Called { name });
        let mut group: Group = ask.done().await?;
        group.tenant = id.home();
        Ok(group)
    }

    /// Removes a group, with what it might use; for admins.
    async fn remove_group(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<DonePayload> {
        let ask = write(ctx, "Mutation.removeGroup", idempotency_key).at("tenant", id.home());
        Ok(DonePayload::of(ask.at("group", id.of(Named::Group))).await?)
    }

    /// Puts a member into a group; for admins.
    async fn put_into_group(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        person: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<DonePayload> {
        let ask = write(ctx, "Mutation.putIntoGroup", idempotency_key).at("tenant", id.home());
        let ask = ask.at("group", id.of(Named::Group));
        Ok(DonePayload::of(ask.at("person", person.of(Named::Person))).await?)
    }

    /// Takes a member from a group; for admins.
    async fn take_from_group(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        person: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<DonePayload> {
        let ask = write(ctx, "Mutation.takeFromGroup", idempotency_key).at("tenant", id.home());
        let ask = ask.at("group", id.of(Named::Group));
        Ok(DonePayload::of(ask.at("person", person.of(Named::Person))).await?)
    }
}
