//! The local key: what the owner's own commands show, kept beside the data it opens.

use crate::directory::write_private;
use anyhow::{Context, Result};
use shelf_identity::{Doors, Secret, authenticate, create_local_key};
use shelf_ports::accounts::{GrantKind, Person};
use std::path::Path;

/// The file that holds it, readable for its owner alone.
const FILE: &str = "local.key";

/// The local key of `owner` in the directory `dir`; made where there is none that opens anything.
pub(crate) async fn local_key(dir: &Path, doors: &Doors, owner: &Person) -> Result<Secret> {
    let file = dir.join(FILE);
    if let Ok(text) = std::fs::read_to_string(&file) {
        let secret = Secret::sent(&text);
        let signed = authenticate(doors, &secret).await.context("cannot check the local key")?;
        if signed.is_some_and(|signed| signed.grant.kind == GrantKind::Local) {
            return Ok(secret);
        }
    }
    let made = create_local_key(doors, owner.id).await.context("cannot make the local key")?;
    write_private(&file, made.secret.expose())?;
    Ok(made.secret)
}
