//! The client: sends JSON with its token, reads JSON or a problem.

use crate::ClientFailure;
use crate::transport::{Answer, Request, Transport, Upgraded};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;

/// How often a request is sent at most, where the server says to ask less often.
const TRIES_MAX: u32 = 5;

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

    /// Sends `request` with the token; a refusal is a failure. Where the server says to ask less
    /// often, it is sent again after the wait, a few times, if its body can be.
    pub async fn send(&self, request: Request) -> Result<Answer, ClientFailure> {
        let mut request = request.header(AUTHORIZATION, self.authorization.clone());
        let only_reads = request.method == Method::GET;
        let mut tries = TRIES_MAX;
        let answer = loop {
            let again = request.again();
            let answer = self.transport.send(request).await?;
            tries -= 1;
            match (answer.wait(only_reads), again) {
                (Some(wait), Some(again)) if tries > 0 => {
                    tokio::time::sleep(wait).await;
                    request = again;
                }
                _ => break answer,
            }
        };
        if answer.is_yes() {
            return Ok(answer);
        }
        let (status, wait) = (answer.status, answer.retry_after());
        Err(ClientFailure::refused(status, &answer.bytes().await?).after(wait))
    }

    /// Sends `request`, which asks for another protocol, with the token.
    pub(crate) async fn upgrade(&self, request: Request) -> Result<Upgraded, ClientFailure> {
        let request = request.header(AUTHORIZATION, self.authorization.clone());
        self.transport.upgrade(request).await
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
        let json = HeaderValue::from_static("application/json");
        let request = Request::new(Method::POST, target).header(CONTENT_TYPE, json);
        read(self.send(request.bytes(written(body)?)).await?).await
    }

    /// Sends `body` as a merge patch and reads JSON.
    pub async fn patch<T: DeserializeOwned>(
        &self,
        target: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, ClientFailure> {
        let patch = HeaderValue::from_static("application/merge-patch+json");
        let request = Request::new(Method::PATCH, target).header(CONTENT_TYPE, patch);
        read(self.send(request.bytes(written(body)?)).await?).await
    }

    /// Deletes `target`.
    pub async fn delete(&self, target: &str) -> Result<(), ClientFailure> {
        self.send(Request::new(Method::DELETE, target)).await?.bytes().await.map(drop)
    }
}

fn written(body: &impl Serialize) -> Result<Vec<u8>, ClientFailure> {
    serde_json::to_vec(body).map_err(|error| ClientFailure::Unreadable(error.to_string()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Answering;
    use futures::StreamExt;
    use reqwest::header::RETRY_AFTER;
    use std::sync::Mutex;
    use std::time::Duration;

    /// A server that is asked too often, so many times.
    #[derive(Debug)]
    struct Dry {
        status: u16,
        times: u32,
        wait: &'static str,
        bodies: Mutex<Vec<Vec<u8>>>,
    }

    impl Transport for Dry {
        fn send(&self, request: Request) -> Answering<'_> {
            Box::pin(async move {
                let chunks = request.body.unwrap_or_else(|| futures::stream::empty().boxed());
                let body: Vec<_> = chunks.map(Result::unwrap).collect().await;
                let mut bodies = self.bodies.lock().unwrap();
                bodies.push(body.concat());
                let dry = bodies.len() <= self.times as usize;
                let mut headers = reqwest::header::HeaderMap::new();
                headers.insert(RETRY_AFTER, HeaderValue::from_static(self.wait));
                let status = if dry { self.status } else { 200 };
                let answer = futures::stream::once(async { Ok("7".into()) });
                Ok(Answer { status, headers, body: answer.boxed() })
            })
        }
    }

    fn server(times: u32, wait: &'static str) -> (Client, Arc<Dry>) {
        answering(429, times, wait)
    }

    fn answering(status: u16, times: u32, wait: &'static str) -> (Client, Arc<Dry>) {
        let dry = Arc::new(Dry { status, times, wait, bodies: Mutex::default() });
        (Client::new(dry.clone(), "token").unwrap(), dry)
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_told_to_wait_waits_and_sends_the_same_again() {
        let (client, dry) = server(3, "9");
        let began = tokio::time::Instant::now();
        assert_eq!(client.post::<u8>("/v1/x", &"body").await.unwrap(), 7);
        assert_eq!(*dry.bodies.lock().unwrap(), vec![b"\"body\"".to_vec(); 4]);
        assert_eq!(began.elapsed().as_secs(), 27, "as long as it was told, each time");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever_nor_sends_twice_what_can_be_read_once() {
        let (client, dry) = server(100, "1");
        assert!(client.get::<u8>("/v1/x").await.is_err());
        assert_eq!(dry.bodies.lock().unwrap().len(), 5);
        for (wait, name) in [("3600", "too long"), ("soon", "no number")] {
            let (client, dry) = server(1, wait);
            assert!(client.get::<u8>("/v1/x").await.is_err(), "{name}");
            assert_eq!(dry.bodies.lock().unwrap().len(), 1, "{name}");
        }
        let (client, dry) = server(1, "1");
        let mut once = Request::new(Method::POST, "/v1/x");
        once.body = Some(futures::stream::once(async { Ok("file".into()) }).boxed());
        assert!(client.send(once).await.is_err());
        assert_eq!(dry.bodies.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_left_to_the_caller_is_told() {
        for (wait, seconds) in [("3600", Some(3_600)), ("90", Some(90)), ("soon", None)] {
            // What writes is not sent again by itself: only its sender knows whether that is right.
            let (client, dry) = answering(503, 1, wait);
            let failure = client.post::<u8>("/v1/x", &"body").await.unwrap_err();
            assert_eq!(failure.retry_after(), seconds.map(Duration::from_secs), "{wait}");
            assert_eq!(dry.bodies.lock().unwrap().len(), 1);
        }
    }
}
