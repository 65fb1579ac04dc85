//! Which operation of REST stands behind which field: its cost, its scope and its rules are those.
//!
//! A field asks what its row names and nothing else; what stands in no row asks for nothing.

use crate::facades;

/// Each field that asks, and the operations it may ask.
pub(crate) const FIELDS: &[(&str, &[&str])] = &[
    ("Query.viewer", &["get_me"]),
    ("Query.library", &["get_library"]),
    ("Query.libraries", &["get_me"]),
    ("Query.search", &["search_all"]),
    ("Query.tenants", &["list_tenants"]),
    ("Query.tenant", &["get_tenant"]),
    ("Query.node", NODE),
    ("Query.nodes", NODE),
    ("Viewer.tokens", &["list_tokens"]),
    ("Viewer.sessions", &["list_sessions"]),
    ("Viewer.devices", &["list_devices"]),
    ("Viewer.clients", &["list_clients"]),
    ("Viewer.apps", &["list_apps"]),
    ("Viewer.remembersActivity", &["get_activity_switch"]),
    ("Viewer.showsPresence", &["get_presence_switch"]),
    ("Library.head", &["pull_changes"]),
    ("Library.bookmarks", &["list_bookmarks"]),
    ("Library.tags", &["list_tags"]),
    ("Library.collections", &["list_collections"]),
    ("Library.search", &["search_library"]),
    ("Library.history", &["list_acts"]),
    ("Library.trash", &["list_trash"]),
    ("Library.conflicts", &["list_conflicts"]),
    ("Library.activity", &["list_activity"]),
    ("Library.presence", &["list_presence"]),
    ("Library.imports", &["list_imports"]),
    ("Library.shares", &["list_shares"]),
    ("Library.webhooks", &["list_webhooks"]),
    ("Library.owner", &["get_tenant"]),
    ("ChangedPayload.library", &["get_library"]),
    ("Bookmark.comments", &["list_comments"]),
    ("Bookmark.files", &["list_files"]),
    ("Bookmark.history", &["get_item_history"]),
    ("Tag.taggedBookmarks", &["list_bookmarks"]),
    ("Collection.placedBookmarks", &["list_bookmarks"]),
    ("Import.rows", &["list_import_rows"]),
    ("Tenant.members", &["list_members"]),
    ("Tenant.groups", &["list_groups"]),
    ("Tenant.invitations", &["list_invitations"]),
    ("Tenant.libraries", &["list_libraries_of_tenant"]),
    ("Tenant.audit", &["list_audit"]),
    ("Tenant.auditCheck", &["check_audit"]),
    ("Webhook.deliveries", &["list_deliveries"]),
    ("Mutation.saveBookmark", &["save_bookmark"]),
    ("Mutation.editBookmark", &["edit_bookmark"]),
    ("Mutation.trashBookmark", &["trash_bookmark"]),
    ("Mutation.openBookmark", &["open_bookmark"]),
    ("Mutation.bulkEdit", &["bulk_edit"]),
    ("Mutation.addPlace", &["add_place"]),
    ("Mutation.movePlace", &["move_place"]),
    ("Mutation.removePlace", &["remove_place"]),
    ("Mutation.addComment", &["add_comment"]),
    ("Mutation.editComment", &["edit_comment"]),
    ("Mutation.removeComment", &["remove_comment"]),
    ("Mutation.resolveConflict", &["resolve_conflict"]),
    ("Mutation.createCollection", &["create_collection"]),
    ("Mutation.editCollection", &["edit_collection"]),
    ("Mutation.trashCollection", &["trash_collection"]),
    ("Mutation.shareCollection", &["share_collection"]),
    ("Mutation.mountLibrary", &["mount_library"]),
    ("Mutation.createTag", &["create_tag"]),
    ("Mutation.editTag", &["edit_tag"]),
    ("Mutation.trashTag", &["trash_tag"]),
    ("Mutation.restoreItems", &["restore_items"]),
    ("Mutation.purgeTrash", &["purge_trash"]),
    ("Mutation.restoreVersion", &["restore_version"]),
    ("Mutation.undoAct", &["undo_act"]),
    ("Mutation.restoreLibrary", &["restore_library"]),
    ("Mutation.undoImport", &["undo_import"]),
    ("Mutation.switchActivity", &["switch_activity"]),
    ("Mutation.forgetActivity", &["forget_activity"]),
    ("Mutation.switchPresence", &["switch_presence"]),
    ("Mutation.renameViewer", &["edit_me"]),
    ("Mutation.createToken", &["create_token"]),
    ("Mutation.revokeToken", &["revoke_token"]),
    ("Mutation.endSession", &["end_session"]),
    ("Mutation.pairDevice", &["pair_device"]),
    ("Mutation.unpairDevice", &["unpair_device"]),
    ("Mutation.registerClient", &["register_client"]),
    ("Mutation.removeClient", &["remove_client"]),
    ("Mutation.shutOutApp", &["shut_out_app"]),
    ("Mutation.createTenant", &["create_tenant"]),
    ("Mutation.editTenant", &["edit_tenant"]),
    ("Mutation.joinTenant", &["join_tenant"]),
    ("Mutation.editMember", &["edit_member"]),
    ("Mutation.removeMember", &["remove_member"]),
    ("Mutation.createGroup", &["create_group"]),
    ("Mutation.editGroup", &["edit_group"]),
    ("Mutation.removeGroup", &["remove_group"]),
    ("Mutation.putIntoGroup", &["put_into_group"]),
    ("Mutation.takeFromGroup", &["take_from_group"]),
    ("Mutation.invite", &["invite"]),
    ("Mutation.takeBackInvitation", &["take_back_invitation"]),
    ("Mutation.createLibrary", &["create_library"]),
    ("Mutation.editLibrary", &["edit_library"]),
    ("Mutation.giveRight", &["give_right"]),
    ("Mutation.takeRightBack", &["take_right_back"]),
    ("Mutation.addWebhook", &["add_webhook"]),
    ("Mutation.editWebhook", &["edit_webhook"]),
    ("Mutation.removeWebhook", &["remove_webhook"]),
    ("Mutation.rotateWebhookSecret", &["rotate_webhook_secret"]),
    ("Mutation.testWebhook", &["test_webhook"]),
    ("Mutation.replayDelivery", &["replay_delivery"]),
    ("Mutation.replayFailed", &["replay_failed"]),
    ("Subscription.libraryChanged", &["pull_changes"]),
];

/// What a node may be read by.
const NODE: &[&str] = &[
    "get_library",
    "list_bookmarks",
    "list_collections",
    "list_tags",
    "get_tenant",
    "get_webhook",
    "get_delivery",
    "get_import",
];

/// Joins: fields of rows that ask for a whole list, which all rows of a request share. Such an ask
/// is made once, however many rows there are.
pub(crate) const JOINS: &[(&str, &[&str])] = &[
    ("Tag.number", &["list_tags"]),
    ("Tag.version", &["list_tags"]),
    ("Tag.colour", &["list_tags"]),
    ("Tag.bookmarks", &["list_tags"]),
    ("Place.collection", &["list_collections"]),
    ("Collection.parent", &["list_collections"]),
    ("Collection.children", &["list_collections"]),
    ("Hit.library", &["get_library"]),
    ("Hit.bookmark", &["list_bookmarks"]),
];

/// What the field called `field` (`Type.name`), or the facade of that name, may ask, if anything.
pub(crate) fn operations_of(field: &str) -> &'static [&'static str] {
    let row = FIELDS.iter().chain(JOINS).chain(facades::ROWS).find(|(known, _)| *known == field);
    row.map(|(_, operations)| *operations).unwrap_or_default()
}

/// Operations of REST that have no field, and why.
#[cfg(test)]
pub(crate) const WITHOUT: &[&str] = &[
    // How the process is.
    "get_health",
    "get_readiness",
    "get_metrics",
    "get_problem",
    // Files.
    "begin_import",
    "export_library",
    "add_file",
    "get_file",
    "get_file_content",
    "remove_file",
    // What people decide about what is theirs, in person: a page, a command, or REST.
    "get_privacy",
    "get_notice",
    "give_consent",
    "object",
    "restrict",
    "export_everything",
    "ask_erasure",
    "take_back_erasure",
    "get_receipt",
    "get_server_key",
    "get_processing_record",
    // Set up once, with what a provider shows: a page, or REST.
    "get_sso",
    "connect_sso",
    "remove_sso",
    "add_sso_domain",
    "verify_sso_domain",
    "remove_sso_domain",
    // What one signs in with, in person too.
    "list_passkeys",
    "edit_passkey",
    "remove_passkey",
    // What whoever runs the server decides, and what is paid for: a page, or REST.
    "get_usage",
    "list_all_tenants",
    "give_plan",
    "get_server",
    // Replicas push and begin by REST, and what they delete waits there.
    "push_changes",
    "get_sync",
    "get_checksum",
    "repair_ranges",
    "get_snapshot",
    "get_part",
    "list_held",
    "list_held_items",
    "confirm_held",
    "refuse_held",
    "rename_device",
    // Answered by lists and nodes.
    "get_bookmark",
    "list_places",
    "get_comment",
    "get_collection",
    "get_tag",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::row_of;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_has_a_field_or_a_reason_and_every_field_an_operation() {
        let fields: BTreeSet<&str> = FIELDS.iter().chain(JOINS).map(|(field, _)| *field).collect();
        assert_eq!(fields.len(), FIELDS.len() + JOINS.len(), "no field stands here twice");
        let asked: BTreeSet<&str> =
            FIELDS.iter().chain(JOINS).flat_map(|(_, all)| all.iter().copied()).collect();
        for operation in asked.iter().chain(WITHOUT) {
            assert!(row_of(operation).is_some(), "there is no operation {operation}");
        }
        for (_, _, operation) in crate::operations(&crate::document()) {
            let id = operation["operationId"].as_str().unwrap();
            let without = WITHOUT.contains(&id);
            assert!(asked.contains(id) != without, "{id} has no field, or one and a reason");
        }
    }
}
