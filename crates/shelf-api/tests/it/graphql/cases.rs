//! Every field that asks, by a document that asks it. `<bookmark 00 01>` stands for the global id
//! of a bookmark with the numbers of the examples: that of its library and its own.

use crate::graphql::id;
use crate::walk::EXAMPLE;
use std::fmt::Write;

/// One field, the operation it asks, and a document that does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) field: &'static str,
    pub(crate) operation: &'static str,
    document: &'static str,
}

const fn case(field: &'static str, operation: &'static str, document: &'static str) -> Case {
    Case { field, operation, document }
}

impl Case {
    /// Whether it names something of the library of the examples.
    pub(crate) fn is_in_library(&self) -> bool {
        self.document.contains(" 00")
    }

    /// The document with its ids, each made of what `called` makes of the example's.
    pub(crate) fn document(&self, called: impl Fn(&str) -> String) -> String {
        let mut pieces = self.document.split('<');
        let mut text = pieces.next().unwrap().to_owned();
        for piece in pieces {
            let (named, rest) = piece.split_once('>').unwrap();
            let mut words = named.split(' ');
            let kind = words.next().unwrap();
            let ids: Vec<String> = words.map(|n| called(&format!("{EXAMPLE}{n}"))).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            write!(text, "\"{}\"{rest}", id(kind, &ids)).unwrap();
        }
        called(&text)
    }
}

/// All of them, those of Query first.
pub(crate) const CASES: &[Case] = &[
    case("Query.viewer", "get_me", "{ viewer { person { id name } grant { kind } } }"),
    case("Query.libraries", "get_me", "{ libraries { id name } }"),
    case("Query.library", "get_library", "{ library(id: <library 00>) { name right } }"),
    case("Query.search", "search_all", "{ search(query: \"A\") { nodes { title } } }"),
    case("Query.tenants", "list_tenants", "{ tenants { id name role } }"),
    case("Query.tenant", "get_tenant", "{ tenant(id: <tenant 0a>) { name } }"),
    case("Query.node", "list_bookmarks", "{ node(id: <bookmark 00 01>) { id } }"),
    case(
        "Query.nodes",
        "list_bookmarks",
        "{ nodes(ids: [<bookmark 00 01>, <item 00 04>]) { id } }",
    ),
    case("Query.node", "list_collections", "{ node(id: <collection 00 02>) { id } }"),
    case("Query.node", "list_tags", "{ node(id: <tag 00 03>) { id } }"),
    case("Query.node", "get_webhook", "{ node(id: <webhook 00 10>) { id } }"),
    case("Query.node", "get_delivery", "{ node(id: <delivery 00 10 11>) { id } }"),
    case("Query.node", "get_import", "{ node(id: <import 00 0c>) { id } }"),
    case("Viewer.tokens", "list_tokens", "{ viewer { tokens { id name scopes } } }"),
    case("Viewer.sessions", "list_sessions", "{ viewer { sessions { id kind } } }"),
    case("Viewer.devices", "list_devices", "{ viewer { devices { id name } } }"),
    case("Viewer.clients", "list_clients", "{ viewer { clients { id name } } }"),
    case("Viewer.apps", "list_apps", "{ viewer { apps { client grant { id } } } }"),
    case("Viewer.remembersActivity", "get_activity_switch", "{ viewer { remembersActivity } }"),
    case("Viewer.showsPresence", "get_presence_switch", "{ viewer { showsPresence } }"),
    case("Library.head", "pull_changes", "{ library(id: <library 00>) { head { seq epoch } } }"),
    case(
        "Library.bookmarks",
        "list_bookmarks",
        "{ library(id: <library 00>) { bookmarks(filter: {tags: [<tag 00 03>]}) { nodes { url } } } }",
    ),
    case("Library.tags", "list_tags", "{ library(id: <library 00>) { tags { name colour } } }"),
    case(
        "Library.collections",
        "list_collections",
        "{ library(id: <library 00>) { collections { name parent { name } children { name } } } }",
    ),
    case(
        "Library.search",
        "search_library",
        "{ library(id: <library 00>) { search(query: \"A\") { totalCount nodes { title } } } }",
    ),
    case(
        "Library.history",
        "list_acts",
        "{ library(id: <library 00>) { history { nodes { act item } } } }",
    ),
    case("Library.trash", "list_trash", "{ library(id: <library 00>) { trash { nodes { id } } } }"),
    case(
        "Library.activity",
        "list_activity",
        "{ library(id: <library 00>) { activity(limit: 5) { deed bookmark { id } } } }",
    ),
    case(
        "Library.presence",
        "list_presence",
        "{ library(id: <library 00>) { presence { person name state items } } }",
    ),
    case(
        "Library.imports",
        "list_imports",
        "{ library(id: <library 00>) { imports { id state } } }",
    ),
    case(
        "Library.shares",
        "list_shares",
        "{ library(id: <library 00>) { shares { holder kind right } } }",
    ),
    case(
        "Library.webhooks",
        "list_webhooks",
        "{ library(id: <library 00>) { webhooks { id url } } }",
    ),
    case("Library.owner", "get_tenant", "{ library(id: <library 00>) { owner { id } } }"),
    case(
        "Bookmark.history",
        "get_item_history",
        "{ node(id: <bookmark 00 01>) { ... on Bookmark { history { nodes { seq } } } } }",
    ),
    case(
        "Bookmark.files",
        "list_files",
        "{ node(id: <bookmark 00 01>) { ... on Bookmark { files { name bytes } } } }",
    ),
    case(
        "Bookmark.comments",
        "list_comments",
        "{ node(id: <bookmark 00 01>) { ... on Bookmark { comments { nodes { body } } } } }",
    ),
    case(
        "Library.conflicts",
        "list_conflicts",
        "{ library(id: <library 00>) { conflicts { nodes { field other { text } } } } }",
    ),
    case(
        "Tag.taggedBookmarks",
        "list_bookmarks",
        "{ library(id: <library 00>) { tags { taggedBookmarks { nodes { id } } } } }",
    ),
    case(
        "Collection.placedBookmarks",
        "list_bookmarks",
        "{ library(id: <library 00>) { collections { placedBookmarks { nodes { id } } } } }",
    ),
    case(
        "Import.rows",
        "list_import_rows",
        "{ library(id: <library 00>) { imports { rows { nodes { reason } } } } }",
    ),
    case("Tenant.members", "list_members", "{ tenant(id: <tenant 0a>) { members { person } } }"),
    case("Tenant.groups", "list_groups", "{ tenant(id: <tenant 0a>) { groups { id people } } }"),
    case(
        "Tenant.invitations",
        "list_invitations",
        "{ tenant(id: <tenant 0a>) { invitations { id role } } }",
    ),
    case(
        "Tenant.libraries",
        "list_libraries_of_tenant",
        "{ tenant(id: <tenant 0a>) { libraries { id name } } }",
    ),
    case("Tenant.audit", "list_audit", "{ tenant(id: <tenant 0a>) { audit { nodes { deed } } } }"),
    case(
        "Tenant.auditCheck",
        "check_audit",
        "{ tenant(id: <tenant 0a>) { auditCheck { holds } } }",
    ),
    case(
        "Webhook.deliveries",
        "list_deliveries",
        "{ library(id: <library 00>) { webhooks { deliveries { nodes { id state } } } } }",
    ),
    case(
        "Mutation.saveBookmark",
        "save_bookmark",
        "mutation { saveBookmark(input: {library: <library 00>, url: \"https://new.example\", \
         tags: [\"t\"], places: [{collection: <collection 00 02>}]}) { status bookmark { url } } }",
    ),
    case(
        "Mutation.editBookmark",
        "edit_bookmark",
        "mutation { editBookmark(input: {id: <bookmark 00 01>, title: \"B\", notes: null}) \
         { status bookmark { title } } }",
    ),
    case(
        "Mutation.trashBookmark",
        "trash_bookmark",
        "mutation { trashBookmark(id: <bookmark 00 01>) { act items } }",
    ),
    case(
        "Mutation.openBookmark",
        "open_bookmark",
        "mutation { openBookmark(id: <bookmark 00 01>) { url } }",
    ),
    case(
        "Mutation.bulkEdit",
        "bulk_edit",
        "mutation { bulkEdit(input: {library: <library 00>, ids: [<bookmark 00 01>], \
         archive: true, moveTo: {collection: <collection 00 02>}}) { act } }",
    ),
    case(
        "Mutation.addPlace",
        "add_place",
        "mutation { addPlace(bookmark: <bookmark 00 01>, input: {collection: <collection 00 02>}) \
         { replayed } }",
    ),
    case(
        "Mutation.movePlace",
        "move_place",
        "mutation { movePlace(input: {id: <place 00 05>, collection: null}) { items } }",
    ),
    case(
        "Mutation.removePlace",
        "remove_place",
        "mutation { removePlace(id: <place 00 05>) { items } }",
    ),
    case(
        "Mutation.addComment",
        "add_comment",
        "mutation { addComment(input: {bookmark: <bookmark 00 01>, body: \"So it is.\"}) \
         { status comment { body author { name } } } }",
    ),
    case(
        "Mutation.editComment",
        "edit_comment",
        "mutation { editComment(input: {id: <item 00 16>, body: \"So it was.\"}) \
         { status comment { body } } }",
    ),
    case(
        "Mutation.removeComment",
        "remove_comment",
        "mutation { removeComment(id: <item 00 16>) { act items } }",
    ),
    case(
        "Mutation.resolveConflict",
        "resolve_conflict",
        "mutation { resolveConflict(input: {item: <bookmark 00 17>, field: \"notes\", \
         device: \"0193f0a0-0000-7000-8000-000000000018\", keep: OTHER}) { act } }",
    ),
    case(
        "Mutation.createCollection",
        "create_collection",
        "mutation { createCollection(input: {library: <library 00>, name: \"g\", \
         parent: <collection 00 02>}) { collection { name } } }",
    ),
    case(
        "Mutation.editCollection",
        "edit_collection",
        "mutation { editCollection(input: {id: <collection 00 02>, name: \"h\"}) \
         { collection { name } } }",
    ),
    case(
        "Mutation.trashCollection",
        "trash_collection",
        "mutation { trashCollection(id: <collection 00 02>) { act } }",
    ),
    case(
        "Mutation.shareCollection",
        "share_collection",
        "mutation { shareCollection(id: <collection 00 02>) { library moved copied } }",
    ),
    case(
        "Mutation.mountLibrary",
        "mount_library",
        "mutation { mountLibrary(collection: <collection 00 02>) { collection { mount } } }",
    ),
    case(
        "Mutation.createTag",
        "create_tag",
        "mutation { createTag(input: {library: <library 00>, name: \"u\"}) { tag { name } } }",
    ),
    case(
        "Mutation.editTag",
        "edit_tag",
        "mutation { editTag(input: {id: <tag 00 03>, colour: \"#993366\"}) { tag { colour } } }",
    ),
    case("Mutation.trashTag", "trash_tag", "mutation { trashTag(id: <tag 00 03>) { act } }"),
    case(
        "Mutation.restoreItems",
        "restore_items",
        "mutation { restoreItems(library: <library 00>, ids: [<bookmark 00 04>]) { items } }",
    ),
    case(
        "Mutation.purgeTrash",
        "purge_trash",
        "mutation { purgeTrash(library: <library 00>, ids: [<bookmark 00 04>]) { items } }",
    ),
    case(
        "Mutation.restoreVersion",
        "restore_version",
        "mutation { restoreVersion(input: {id: <bookmark 00 01>, seq: 7}) { act } }",
    ),
    case("Mutation.undoAct", "undo_act", "mutation { undoAct(act: <act 00 09>) { act left } }"),
    case(
        "Mutation.restoreLibrary",
        "restore_library",
        "mutation { restoreLibrary(input: {library: <library 00>, at: \"2026-05-01T12:00:00Z\"}) \
         { act } }",
    ),
    case(
        "Mutation.undoImport",
        "undo_import",
        "mutation { undoImport(id: <import 00 0c>) { state } }",
    ),
    case(
        "Mutation.switchActivity",
        "switch_activity",
        "mutation { switchActivity(on: false) { on } }",
    ),
    case(
        "Mutation.forgetActivity",
        "forget_activity",
        "mutation { forgetActivity(library: <library 00>) { done } }",
    ),
    case(
        "Mutation.switchPresence",
        "switch_presence",
        "mutation { switchPresence(on: false) { on } }",
    ),
    case(
        "Mutation.renameViewer",
        "edit_me",
        "mutation { renameViewer(name: \"Ada L.\") { name } }",
    ),
    case(
        "Mutation.createToken",
        "create_token",
        "mutation { createToken(input: {name: \"n\", libraries: [<library 00>]}) { token } }",
    ),
    case(
        "Mutation.revokeToken",
        "revoke_token",
        "mutation { revokeToken(id: <grant 07>) { done } }",
    ),
    case("Mutation.endSession", "end_session", "mutation { endSession(id: <grant 08>) { done } }"),
    case("Mutation.pairDevice", "pair_device", "mutation { pairDevice(name: \"phone\") { id } }"),
    case(
        "Mutation.unpairDevice",
        "unpair_device",
        "mutation { unpairDevice(id: <grant 06>) { done } }",
    ),
    case(
        "Mutation.registerClient",
        "register_client",
        "mutation { registerClient(input: {name: \"c\", redirects: [\"https://c.example/back\"]}) \
         { client { id } clientSecret } }",
    ),
    case(
        "Mutation.removeClient",
        "remove_client",
        "mutation { removeClient(id: <client 12>) { done } }",
    ),
    case("Mutation.shutOutApp", "shut_out_app", "mutation { shutOutApp(id: <grant 13>) { done } }"),
    case("Mutation.createTenant", "create_tenant", "mutation { createTenant(name: \"x\") { id } }"),
    case(
        "Mutation.editTenant",
        "edit_tenant",
        "mutation { editTenant(id: <tenant 0a>, name: \"y\") { name } }",
    ),
    case(
        "Mutation.joinTenant",
        "join_tenant",
        "mutation { joinTenant(invitation: \"the-secret-of-an-invitation\") { name } }",
    ),
    case(
        "Mutation.editMember",
        "edit_member",
        "mutation { editMember(tenant: <tenant 0a>, person: <person 0d>, role: ADMIN) { role } }",
    ),
    case(
        "Mutation.removeMember",
        "remove_member",
        "mutation { removeMember(tenant: <tenant 0a>, person: <person 0d>) { done } }",
    ),
    case(
        "Mutation.createGroup",
        "create_group",
        "mutation { createGroup(tenant: <tenant 0a>, name: \"g\") { id } }",
    ),
    case(
        "Mutation.editGroup",
        "edit_group",
        "mutation { editGroup(id: <group 0a 0e>, name: \"h\") { name } }",
    ),
    case(
        "Mutation.removeGroup",
        "remove_group",
        "mutation { removeGroup(id: <group 0a 0e>) { done } }",
    ),
    case(
        "Mutation.putIntoGroup",
        "put_into_group",
        "mutation { putIntoGroup(id: <group 0a 0e>, person: <person 0d>) { done } }",
    ),
    case(
        "Mutation.takeFromGroup",
        "take_from_group",
        "mutation { takeFromGroup(id: <group 0a 0e>, person: <person 0d>) { done } }",
    ),
    case(
        "Mutation.invite",
        "invite",
        "mutation { invite(input: {tenant: <tenant 0a>, role: MEMBER, note: \"n\"}) { secret } }",
    ),
    case(
        "Mutation.takeBackInvitation",
        "take_back_invitation",
        "mutation { takeBackInvitation(id: <invitation 0a 0f>) { done } }",
    ),
    case(
        "Mutation.createLibrary",
        "create_library",
        "mutation { createLibrary(tenant: <tenant 0a>, name: \"l\") { name } }",
    ),
    case(
        "Mutation.editLibrary",
        "edit_library",
        "mutation { editLibrary(id: <library 00>, name: \"m\") { name } }",
    ),
    case(
        "Mutation.giveRight",
        "give_right",
        "mutation { giveRight(input: {library: <library 00>, holder: <person 0d>, right: WRITE}) \
         { right } }",
    ),
    case(
        "Mutation.takeRightBack",
        "take_right_back",
        "mutation { takeRightBack(library: <library 00>, holder: <person 0d>) { done } }",
    ),
    case(
        "Mutation.addWebhook",
        "add_webhook",
        "mutation { addWebhook(input: {library: <library 00>, url: \"https://hooks.example/b\"}) \
         { signingSecret } }",
    ),
    case(
        "Mutation.editWebhook",
        "edit_webhook",
        "mutation { editWebhook(input: {id: <webhook 00 10>, paused: true}) { state } }",
    ),
    case(
        "Mutation.removeWebhook",
        "remove_webhook",
        "mutation { removeWebhook(id: <webhook 00 10>) { done } }",
    ),
    case(
        "Mutation.rotateWebhookSecret",
        "rotate_webhook_secret",
        "mutation { rotateWebhookSecret(id: <webhook 00 10>) { signingSecret } }",
    ),
    case(
        "Mutation.testWebhook",
        "test_webhook",
        "mutation { testWebhook(id: <webhook 00 10>) { id state } }",
    ),
    case(
        "Mutation.replayDelivery",
        "replay_delivery",
        "mutation { replayDelivery(id: <delivery 00 10 11>) { id state } }",
    ),
    case(
        "Mutation.replayFailed",
        "replay_failed",
        "mutation { replayFailed(id: <webhook 00 10>, since: \"2026-05-01T12:00:00Z\") \
         { deliveries } }",
    ),
];
