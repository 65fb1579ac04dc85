//! Documents that are known by their hash, so that clients send them once: each tenant's own.
//!
//! The protocol is that of Apollo's automatic persisted queries.

use crate::graphql::errors;
use crate::problem::Problem;
use async_graphql::{ErrorExtensionValues, ServerError};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use shelf_domain::id::TenantId;
use shelf_domain::refusal::Refused;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Most documents that are kept; the oldest go first.
const KEPT_MAX: usize = 1_000;
/// The longest document that is kept, bytes.
const BYTES_MAX: usize = 16 << 10;
/// The version of the protocol.
const VERSION: u64 = 1;

/// A SHA-256 of a document.
pub(crate) type Hash = [u8; 32];

/// Documents by tenant and hash, as long as the process lives.
#[derive(Debug, Default)]
pub(crate) struct Persisted(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    documents: HashMap<(TenantId, Hash), Arc<str>>,
    oldest: VecDeque<(TenantId, Hash)>,
}

/// The hash that `extensions` name, if they name one.
pub(crate) fn hash_of(extensions: &Map<String, Value>) -> Result<Option<Hash>, Problem> {
    let Some(said) = extensions.get("persistedQuery") else { return Ok(None) };
    if said.get("version").and_then(Value::as_u64) != Some(VERSION) {
        let detail = format!("version {VERSION} is read here");
        return Err(Refused::invalid("extensions/persistedQuery/version", detail).into());
    }
    let hash = said.get("sha256Hash").and_then(Value::as_str);
    let mut bytes = [0; 32];
    if hash.is_some_and(|hash| hex::decode_to_slice(hash, &mut bytes).is_ok()) {
        return Ok(Some(bytes));
    }
    let detail = "this is 64 hexadecimal digits";
    Err(Refused::invalid("extensions/persistedQuery/sha256Hash", detail).into())
}

impl Persisted {
    /// The document that is asked: as it was sent, or as it is known by `hash`.
    pub(crate) fn query(
        &self,
        tenant: TenantId,
        hash: Option<Hash>,
        sent: Option<String>,
    ) -> Result<String, ServerError> {
        let refused = |at: &str, detail: &str| {
            errors::of_request(Problem::from(Refused::invalid(at, detail)))
        };
        match (hash, sent) {
            (None, Some(query)) => Ok(query),
            (None, None) => Err(refused("query", "say what to ask")),
            (Some(hash), Some(query)) if Hash::from(Sha256::digest(&query)) == hash => Ok(query),
            (Some(_), Some(_)) => Err(refused(
                "extensions/persistedQuery/sha256Hash",
                "this is not the hash of query",
            )),
            (Some(hash), None) => {
                let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let known = kept.documents.get(&(tenant, hash)).map(ToString::to_string);
                known.ok_or_else(unknown)
            }
        }
    }

    /// Keeps `query`, whose hash is `hash`.
    pub(crate) fn keep(&self, tenant: TenantId, hash: Hash, query: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (tenant, hash);
        if query.len() > BYTES_MAX || kept.documents.contains_key(&key) {
            return;
        }
        if kept.oldest.len() >= KEPT_MAX
            && let Some(oldest) = kept.oldest.pop_front()
        {
            kept.documents.remove(&oldest);
        }
        kept.documents.insert(key, Arc::from(query));
        kept.oldest.push_back(key);
    }
}

/// Says that the document has to be sent with its hash, in the words clients know.
fn unknown() -> ServerError {
    let mut told = ServerError::new("PersistedQueryNotFound", None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", "PERSISTED_QUERY_NOT_FOUND");
    extensions.set("status", 404);
    told.extensions = Some(extensions);
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: TenantId = TenantId::from_bytes([1; 16]);
    const EVE: TenantId = TenantId::from_bytes([2; 16]);

    fn hash(query: &str) -> Hash {
        Hash::from(Sha256::digest(query))
    }

    #[test]
    fn a_document_is_known_to_its_tenant_alone_and_the_oldest_goes_first() {
        let persisted = Persisted::default();
        for number in 0..=KEPT_MAX {
            let query = format!("{{ a{number} }}");
            persisted.keep(ADA, hash(&query), &query);
        }
        let asked = |tenant, query: &str| persisted.query(tenant, Some(hash(query)), None);
        assert_eq!(asked(ADA, "{ a1 }").unwrap(), "{ a1 }");
        assert!(asked(ADA, "{ a0 }").is_err(), "it made room");
        assert_eq!(asked(EVE, "{ a1 }").unwrap_err().message, "PersistedQueryNotFound");
        let long = format!("{{ {} }}", "a ".repeat(BYTES_MAX));
        persisted.keep(ADA, hash(&long), &long);
        assert!(asked(ADA, &long).is_err());
    }

    #[test]
    fn a_hash_that_is_not_the_documents_is_refused() {
        let persisted = Persisted::default();
        let sent = Some("{ a }".to_owned());
        assert!(persisted.query(ADA, Some(hash("{ b }")), sent.clone()).is_err());
        assert_eq!(persisted.query(ADA, Some(hash("{ a }")), sent).unwrap(), "{ a }");
        let said = |text: &str| {
            let extensions: Map<String, Value> = serde_json::from_str(text).unwrap();
            hash_of(&extensions)
        };
        assert_eq!(said("{}").unwrap(), None);
        let known = format!(
            r#"{{"persistedQuery": {{"version": 1, "sha256Hash": "{}"}}}}"#,
            hex::encode(hash("{ a }"))
        );
        assert_eq!(said(&known).unwrap(), Some(hash("{ a }")));
        for bad in
            [r#"{"version": 2}"#, r#"{"version": 1}"#, r#"{"version": 1, "sha256Hash": "x"}"#]
        {
            assert!(said(&format!(r#"{{"persistedQuery": {bad}}}"#)).is_err(), "{bad}");
        }
    }
}
