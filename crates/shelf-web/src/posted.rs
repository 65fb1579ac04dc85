//! A form that was posted by someone signed in, from a page of ours.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header},
};
use shelf_domain::{
    id::ItemId,
    refusal::{Code, Refused},
};

use crate::{link, public_url::PublicUrl, trouble::Trouble, visit::Visit, web::Web};

/// Most bytes of a form: four of the longest texts.
const FORM_BYTES_MAX: usize = 4 << 20;

/// A checked form: who sent it, and what it says.
#[derive(Debug)]
pub(crate) struct Posted {
    /// Who, where.
    pub(crate) visit: Visit,
    /// What the form says, in order; what its address says comes last.
    pub(crate) said: Said,
}

/// The fields of a form.
#[derive(Debug, Default)]
pub(crate) struct Said(Vec<(String, String)>);

impl Said {
    /// What `text` says, as a form or a query writes it.
    pub(crate) fn read(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }

    /// The first value of `name`, or nothing.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// Every value of `name`.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(move |(known, value)| (known == name).then_some(value.as_str()))
    }

    /// Names with commas between them, without empty ones.
    pub(crate) fn names(&self, name: &str) -> Vec<String> {
        let names = self.text(name).split(',').map(str::trim);
        names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    /// The ids under `name`; what is no id is refused.
    pub(crate) fn ids(&self, name: &str) -> Result<Vec<ItemId>, Refused> {
        self.all(name).map(|text| item_id(name, text)).collect()
    }

    /// The id under `name`; empty is none, what is no id is refused.
    pub(crate) fn maybe_id(&self, name: &str) -> Result<Option<ItemId>, Refused> {
        match self.text(name) {
            "" => Ok(None),
            text => item_id(name, text).map(Some),
        }
    }

    /// Where to go back to; the library when nothing safe was said.
    pub(crate) fn back(&self) -> &str {
        self.get("back").and_then(link::inside).unwrap_or("/library")
    }
}

/// The id that `text` writes.
pub(crate) fn item_id(at: &str, text: &str) -> Result<ItemId, Refused> {
    text.parse().map_err(|_| Refused::not_found(at))
}

impl FromRequest<Web> for Posted {
    type Rejection = Trouble;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Trouble> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, web).await?;
        let bytes = read_body(body, FORM_BYTES_MAX).await?;
        let mut said = Said::read(&bytes);
        said.0.extend(Said::read(parts.uri.query().unwrap_or_default().as_bytes()).0);
        if said.get("back").is_none() {
            said.0.extend(
                came_from(&parts.headers, &visit.reached).map(|path| ("back".to_owned(), path)),
            );
        }
        let shown =
            header_of(&parts.headers, "X-CSRF-Token").or(said.get("_csrf")).unwrap_or_default();
        if !visit.csrf.is(shown) || !is_ours(&parts.headers, &visit.reached) {
            return Err(Trouble::StaleForm);
        }
        Ok(Self { visit, said })
    }
}

/// The whole body, refused beyond `most` bytes.
pub(crate) async fn read_body(body: axum::body::Body, most: usize) -> Result<Bytes, Trouble> {
    axum::body::to_bytes(body, most).await.map_err(|_| {
        Refused::new(Code::TooLarge, "", format!("at most {most} bytes are accepted")).into()
    })
}

pub(crate) fn header_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The page of ours that the browser says it stood on.
fn came_from(headers: &HeaderMap, reached: &PublicUrl) -> Option<String> {
    let path = reached.path_in(header_of(headers, "Referer")?)?;
    link::inside(path).map(str::to_owned)
}

/// Whether the browser says that a page of this server sent this, or says nothing.
pub(crate) fn is_ours(headers: &HeaderMap, reached: &PublicUrl) -> bool {
    let sent = headers.get(header::ORIGIN);
    sent.is_none_or(|sent| {
        sent.to_str().is_ok_and(|sent| sent.eq_ignore_ascii_case(reached.origin()))
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_form_keeps_every_value_and_names_are_split_at_commas() {
        let said = Said::read(b"item=a&item=b&tag=rust%2C%20c++%2C%2C&back=//evil");
        assert_eq!(said.all("item").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(said.names("tag"), ["rust", "c"]);
        assert_eq!(said.back(), "/library");
    }

    #[test]
    fn a_form_from_another_site_is_not_ours() {
        let mut headers = HeaderMap::new();
        let ours = "http://127.0.0.1:4747".parse().unwrap();
        assert!(is_ours(&headers, &ours));
        headers.insert(header::ORIGIN, HeaderValue::from_static("http://evil.example"));
        assert!(!is_ours(&headers, &ours));
        headers.insert(header::ORIGIN, HeaderValue::from_static("null"));
        assert!(!is_ours(&headers, &ours));
    }
}
