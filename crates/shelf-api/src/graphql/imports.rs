//! Imports: what came in by files, and what became of each row.

use crate::cursor;
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::pages::{Pages, page, pages};
use crate::graphql::scalars::{DateTime, Home};
use crate::graphql::{asks, write};
use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use serde::Deserialize;
use shelf_domain::id::ItemId;

/// An import.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Import {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    id: ItemId,
    /// The name of the file.
    file_name: String,
    /// The format that was detected.
    format: String,
    /// `running`, `done`, `failed` or `undone`.
    state: String,
    /// Whether it only says what it would do.
    dry_run: bool,
    /// Rows found so far: stored + merged + refused.
    parsed: u64,
    /// New bookmarks.
    stored: u64,
    /// Rows that joined a bookmark with the same address.
    merged: u64,
    /// Rows that were not taken.
    refused: u64,
    /// New collections.
    folders: u64,
    /// Rows in the file, once known.
    total: Option<u64>,
    /// When it began.
    started_at: DateTime,
    /// When it ended.
    ended_at: Option<DateTime>,
    /// Why it failed, or what is worth knowing.
    problem: Option<String>,
}

/// One row of the ledger of an import.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct LedgerRow {
    #[serde(skip)]
    #[graphql(skip)]
    home: Home,
    #[graphql(skip)]
    item: Option<ItemId>,
    /// Its number in the file, from 1.
    row: u64,
    /// `stored`, `merged` or `refused`.
    outcome: String,
    /// Why.
    reason: String,
    /// Its address.
    url: String,
    /// Its title.
    title: String,
    /// The title of the bookmark it joined, where it differs.
    kept_title: Option<String>,
}

impl Import {
    /// The same, in the library of `home`.
    pub(crate) fn settled(self, home: Home) -> Self {
        Self { home, ..self }
    }
}

#[ComplexObject]
impl Import {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        Named::Import.id(&[self.home.library, self.id])
    }

    /// The gesture, which undo takes as well.
    async fn act(&self) -> ID {
        Named::Act.id(&[self.home.library, self.id])
    }

    /// Every row that was not plainly stored.
    async fn rows(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<Pages<LedgerRow>> {
        let ask = asks(ctx).of("Import.rows").at("library", self.home.library);
        let ask = ask.at("import", self.id);
        let mut told = page::<LedgerRow>(ask, first, after.as_deref()).await?;
        told.items.iter_mut().for_each(|row| row.home = self.home);
        Ok(pages(told, after.as_deref(), |row| cursor::seal("rows", &row.row)))
    }
}

#[ComplexObject]
impl LedgerRow {
    /// The bookmark it joined.
    async fn item(&self) -> Option<ID> {
        self.item.map(|item| Named::Bookmark.id(&[self.home.library, item]))
    }
}

/// What changes imports.
#[derive(Debug, Default)]
pub(crate) struct ImportMutations;

#[Object]
impl ImportMutations {
    /// Undoes an import: what it made goes into the trash, what others changed since stays.
    async fn undo_import(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<Import> {
        let ask = write(ctx, "Mutation.undoImport", idempotency_key);
        let ask = ask.at("library", id.home()).at("import", id.own());
        Ok(ask.done::<Import>().await?.settled(Home::now(id.home())))
    }
}
