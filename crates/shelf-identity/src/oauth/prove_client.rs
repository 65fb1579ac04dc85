//! Which program asks, as far as it has to prove that.

use super::clients::find_client;
use super::{OAuthCode, OAuthDoors, OAuthFailure};
use crate::secret::Secret;
use shelf_ports::oauth::Client;

/// What a program says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaysItIs {
    /// Its id.
    pub id: String,
    /// Its secret, if it sent one.
    pub secret: Option<Secret>,
}

/// The program that asks. One that has a secret must bring it; one that has none must not bring
/// any, so that nobody takes it for proven.
pub async fn prove_client(doors: &OAuthDoors, says: &SaysItIs) -> Result<Client, OAuthFailure> {
    let refuse = |why| OAuthFailure::new(OAuthCode::InvalidClient, why);
    let id = says.id.parse().map_err(|_| refuse("there is no such client"))?;
    let Some((client, hash)) = find_client(doors, id).await? else {
        return Err(refuse("there is no such client"));
    };
    match (hash, &says.secret) {
        (None, None) => Ok(client),
        (Some(hash), Some(secret)) if secret.is_plausible() && secret.hash() == hash => Ok(client),
        (Some(_), None) => Err(refuse("this client proves itself by its secret")),
        _ => Err(refuse("this is not the secret of this client")),
    }
}
