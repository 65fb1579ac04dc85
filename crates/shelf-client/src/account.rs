//! Who the token belongs to, and the tokens of that person.

use crate::{Client, ClientFailure};
use serde::{Deserialize, Serialize};
use shelf_domain::id::LibraryId;

/// Who the token belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Me {
    /// The libraries they may use, oldest first.
    pub libraries: Vec<LibraryName>,
}

/// A library and its name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LibraryName {
    /// Its id.
    pub id: LibraryId,
    /// Its name.
    pub name: String,
}

/// A token as lists show it; never the secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TokenInfo {
    /// Its id, by which it is revoked.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is: a session, a token, a device.
    #[serde(default)]
    pub kind: String,
    /// When it was made, RFC 3339.
    #[serde(default)]
    pub created_at: Option<String>,
    /// When it was last used, RFC 3339.
    #[serde(default)]
    pub used_at: Option<String>,
    /// When it ends, RFC 3339; nothing for never.
    #[serde(default)]
    pub expires_at: Option<String>,
    /// What it may be used for; nothing for all its owner may do.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// In which libraries alone; nothing for all.
    #[serde(default)]
    pub libraries: Option<Vec<LibraryId>>,
}

/// A new token; the only time its secret is seen.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct NewToken {
    /// The secret.
    #[serde(alias = "secret")]
    pub token: String,
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewToken(..)")
    }
}

#[derive(Deserialize)]
struct Tokens {
    items: Vec<TokenInfo>,
}

/// What token to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TokenAsk {
    /// A name to know it by.
    pub name: String,
    /// When it ends, RFC 3339; never, or when the token ends that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// What it may be used for, such as `bookmarks:read`; all the caller may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// In which libraries alone; all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub libraries: Option<Vec<LibraryId>>,
}

impl Client {
    /// Who the token belongs to.
    pub async fn me(&self) -> Result<Me, ClientFailure> {
        self.get("/v1/me").await
    }

    /// Makes a token.
    pub async fn create_token(&self, ask: &TokenAsk) -> Result<NewToken, ClientFailure> {
        self.post("/v1/tokens", ask).await
    }

    /// The tokens of this person.
    pub async fn tokens(&self) -> Result<Vec<TokenInfo>, ClientFailure> {
        self.get::<Tokens>("/v1/tokens").await.map(|tokens| tokens.items)
    }

    /// Ends the token `id`.
    pub async fn revoke_token(&self, id: &str) -> Result<(), ClientFailure> {
        self.delete(&format!("/v1/tokens/{}", crate::client::encoded(id))).await
    }
}
