//! Mount a library at a folder, or take the mount off.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::edit::Edit;
use shelf_domain::id::{ItemId, LibraryId, Scope};
use shelf_domain::kind::{Kind, field};
use shelf_domain::refusal::Refused;
use shelf_domain::turn::Turn;
use shelf_domain::value::Value;
use shelf_ports::Failure;

/// Mounts `library` at the folder `id`, in the place of one that is mounted there; `None` takes it
/// off. A mount is a way to a library and gives no right to it: who asks must have been found to
/// reach it. Refused `invalid` where a library would be mounted in itself.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn mount_library(
    ctx: &Ctx,
    scope: Scope,
    id: ItemId,
    library: Option<LibraryId>,
) -> Result<Changed, Failure> {
    if library == Some(scope.library) {
        return Err(Refused::invalid("library", "a library is not mounted in itself").into());
    }
    let value = library.map(|library| Value::from(library.to_string()));
    let edit = Edit::default().put(field::MOUNT, value).checked(&Kind::Collection)?;
    let reads = edit.reads(id);
    let decide = move |turn: &mut Turn| {
        let outcome = turn.edit(id, &Kind::Collection, &edit)?;
        Ok(turn.done(vec![outcome]))
    };
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}
