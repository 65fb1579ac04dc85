//! A person's way through the pages of one gateway, as a browser without scripts would take it.

use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use reqwest::{Client, Response};

/// One browser at one gateway.
#[derive(Clone)]
pub(crate) struct Hand {
    client: Client,
    address: String,
    cookie: String,
}

impl Hand {
    /// Signs in at `address` by `link`, which is spent.
    pub(crate) async fn signed_in(address: &str, link: &str) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let client = client.build().unwrap();
        let mut hand = Self { client, address: address.to_owned(), cookie: String::new() };
        let secret = link.rsplit_once('=').unwrap().1;
        let opened = hand.sent("/sign-in", "", format!("link={secret}")).await;
        let cookie = opened.headers()[SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().clone_into(&mut hand.cookie);
        hand
    }

    /// The same session at another gateway.
    pub(crate) fn at(&self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self.clone() }
    }

    /// A page.
    pub(crate) async fn page(&self, path: &str) -> String {
        let asked = self.client.get(format!("{}{path}", self.address)).header(COOKIE, &self.cookie);
        asked.send().await.unwrap().text().await.unwrap()
    }

    /// What is shown with whatever is sent.
    pub(crate) async fn csrf(&self) -> String {
        let page = self.page("/import").await;
        let (_, rest) = page.split_once("data-csrf=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    }

    /// The answer to something sent.
    pub(crate) async fn sent(&self, path: &str, csrf: &str, body: String) -> Response {
        let asked = self.client.post(format!("{}{path}", self.address));
        let asked = asked.header(COOKIE, &self.cookie).header(ORIGIN, &self.address);
        asked.header("X-CSRF-Token", csrf).body(body).send().await.unwrap()
    }
}
