//! What changes something: every write of REST but files that come in and what devices push.

use crate::graphql::account::AccountMutations;
use crate::graphql::bookmarks::BookmarkMutations;
use crate::graphql::collections::CollectionMutations;
use crate::graphql::comments::CommentMutations;
use crate::graphql::groups::GroupMutations;
use crate::graphql::history::HistoryMutations;
use crate::graphql::imports::ImportMutations;
use crate::graphql::mounts::MountMutations;
use crate::graphql::places::PlaceMutations;
use crate::graphql::presence::PresenceMutations;
use crate::graphql::sharing::LibraryMutations;
use crate::graphql::tags::TagMutations;
use crate::graphql::tenants::TenantMutations;
use crate::graphql::trash::TrashMutations;
use crate::graphql::webhooks::WebhookMutations;
use async_graphql::MergedObject;

/// What can be changed. Each field is an operation of REST; those of one request are done one
/// after the other. Done once under its `idempotencyKey`, or under the `Idempotency-Key` of the
/// whole request.
#[derive(Debug, Default, MergedObject)]
pub(crate) struct Mutation(
    BookmarkMutations,
    PlaceMutations,
    CommentMutations,
    CollectionMutations,
    MountMutations,
    TagMutations,
    TrashMutations,
    PresenceMutations,
    HistoryMutations,
    ImportMutations,
    AccountMutations,
    TenantMutations,
    GroupMutations,
    LibraryMutations,
    WebhookMutations,
);
