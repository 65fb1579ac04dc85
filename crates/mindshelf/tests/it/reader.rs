//! Someone who uses the application through its REST interface.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request};
use serde_json::Value;
use tower::ServiceExt;

/// An answer, read whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl Answer {
    /// The answer, which must have this status.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.json);
        self
    }

    /// The text of one of its headers.
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers[name].to_str().unwrap().to_owned()
    }

    /// A text in it, by JSON pointer.
    pub(crate) fn text(&self, pointer: &str) -> String {
        self.json.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// A signed-in person and their library.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    router: Router,
    token: String,
    pub(crate) library: String,
}

impl Reader {
    pub(crate) async fn with(router: Router, token: &str) -> Self {
        let mut reader = Self { router, token: token.to_owned(), library: String::new() };
        let me = reader.send(Method::GET, "/v1/me", Body::empty(), &[]).await.expect(200);
        reader.library = me.text("/libraries/0/id");
        reader
    }

    /// Sends a request; `path` is below the library unless it begins with `/`.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Body,
        headers: &[(&str, &str)],
    ) -> Answer {
        let uri = match path.strip_prefix('/') {
            Some(_) => path.to_owned(),
            None => format!("/v1/libraries/{}/{path}", self.library),
        };
        let mut request = Request::builder().method(method).uri(uri).header("host", "localhost");
        request = request.header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.unwrap();
        let json = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Answer { status: parts.status.as_u16(), headers: parts.headers, json }
    }

    /// The bytes of a file.
    pub(crate) async fn bytes(&self, path: &str) -> Vec<u8> {
        let request = Request::builder().uri(path).header("host", "localhost");
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let answer = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await;
        to_bytes(answer.unwrap().into_body(), 64 << 20).await.unwrap().to_vec()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::empty(), &[]).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, body, &[]).await
    }

    pub(crate) async fn post_with(
        &self,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        let json = [("content-type", "application/json")];
        let headers = [&json, headers].concat();
        self.send(Method::POST, path, Body::from(body.to_string()), &headers).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value, etag: Option<&str>) -> Answer {
        let mut headers = vec![("content-type", "application/merge-patch+json")];
        headers.extend(etag.map(|etag| ("if-match", etag)));
        self.send(Method::PATCH, path, Body::from(body.to_string()), &headers).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Body::empty(), &[]).await
    }

    /// Saves an address; the bookmark.
    pub(crate) async fn save(&self, url: &str, title: &str) -> Value {
        let body = serde_json::json!({ "url": url, "title": title });
        self.post("bookmarks", &body).await.expect(201).json["item"].clone()
    }

    /// The addresses in the list at `path`, as it gives them.
    pub(crate) async fn listed(&self, path: &str) -> Vec<String> {
        let list = self.get(path).await.expect(200);
        let rows = list.json["items"].as_array().unwrap().iter();
        rows.map(|row| row["url"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
