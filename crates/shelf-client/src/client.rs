//! The client: sends JSON with its token, reads JSON or a problem.

use crate::ClientFailure;
use crate::transport::{Answer, Request, Transport};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;

/// A client of one server, for one token.
#[derive(Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
    authorization: HeaderValue,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("transport", &self.transport).finish_non_exhaustive()
    }
}

impl Client {
    /// A client that speaks through `transport` and shows `token`.
    pub fn new(transport: Arc<dyn Transport>, token: &str) -> Result<Self, ClientFailure> {
        let value = format!("Bearer {}", token.trim());
        let mut authorization = HeaderValue::from_str(&value)
            .map_err(|_| ClientFailure::Unreadable("the token is no token".to_owned()))?;
        authorization.set_sensitive(true);
        Ok(Self { transport, authorization })
    }

    /// Sends `request` with the token; a refusal is a failure.
    pub async fn send(&self, request: Request) -> Result<Answer, ClientFailure> {
        let request = request.header(AUTHORIZATION, self.authorization.clone());
        let answer = self.transport.send(request).await?;
        if answer.is_yes() {
            return Ok(answer);
        }
        let status = answer.status;
        Err(ClientFailure::refused(status, &answer.bytes().await?))
    }

    /// Asks for `target` and reads JSON.
    pub async fn get<T: DeserializeOwned>(&self, target: &str) -> Result<T, ClientFailure> {
        read(self.send(Request::new(Method::GET, target)).await?).await
    }

    /// Sends `body` as JSON and reads JSON.
    pub async fn post<T: DeserializeOwned>(
        &self,
        target: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, ClientFailure> {
        let body = serde_json::to_vec(body)
            .map_err(|error| ClientFailure::Unreadable(error.to_string()))?;
        let json = HeaderValue::from_static("application/json");
        let request = Request::new(Method::POST, target).header(CONTENT_TYPE, json).bytes(body);
        read(self.send(request).await?).await
    }

    /// Deletes `target`.
    pub async fn delete(&self, target: &str) -> Result<(), ClientFailure> {
        self.send(Request::new(Method::DELETE, target)).await?.bytes().await.map(drop)
    }
}

/// Reads a JSON answer.
pub(crate) async fn read<T: DeserializeOwned>(answer: Answer) -> Result<T, ClientFailure> {
    let bytes = answer.bytes().await?;
    serde_json::from_slice(&bytes).map_err(|error| ClientFailure::Unreadable(error.to_string()))
}

/// A path segment or query value, percent-encoded.
pub(crate) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
