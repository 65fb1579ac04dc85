//! What a program sends: a form, in which nothing is said twice, and perhaps its secret beside it.

use super::Denied;
use crate::Api;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use shelf_identity::Secret;
use shelf_identity::oauth::prove_client::SaysItIs;
use shelf_identity::oauth::{OAuthCode, OAuthRefusal};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A form, and the headers it came with.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) headers: HeaderMap,
    fields: Vec<(String, String)>,
}

/// One half of what Basic sends, which is encoded like a form (RFC 6749 §2.3.1). No id or secret of
/// ours has a `+` or a `%`, so one that was not encoded stays as it is.
fn decoded(half: &str) -> Cow<'_, str> {
    percent_decode_str(half).decode_utf8_lossy()
}

pub(super) fn wrong(why: &'static str) -> OAuthRefusal {
    OAuthRefusal::new(OAuthCode::InvalidRequest, why)
}

impl FromRequest<Api> for Sent {
    type Rejection = Denied;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Denied> {
        let headers = request.headers().clone();
        let read: Result<Form<Vec<(String, String)>>, FormRejection> =
            Form::from_request(request, api).await;
        let Form(fields) = read.map_err(|_| wrong("send a form of at most 16 KiB"))?;
        Ok(Self::of(headers, fields)?)
    }
}

impl Sent {
    /// `fields` as they came with `headers`; refused where something is said twice.
    pub(crate) fn of(
        headers: HeaderMap,
        mut fields: Vec<(String, String)>,
    ) -> Result<Self, OAuthRefusal> {
        // What is empty is as if it were not there (RFC 6749 §3.2).
        fields.retain(|(_, value)| !value.is_empty());
        let mut names = BTreeSet::new();
        if !fields.iter().all(|(name, _)| names.insert(name.as_str())) {
            return Err(wrong("nothing may be said twice"));
        }
        Ok(Self { headers, fields })
    }

    /// What the form says of `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The same, refused where it is missing.
    pub(crate) fn need(&self, name: &'static str) -> Result<&str, OAuthRefusal> {
        self.get(name).ok_or_else(|| match name {
            "grant_type" => wrong("grant_type is missing"),
            "code" => wrong("code is missing"),
            "refresh_token" => wrong("refresh_token is missing"),
            "device_code" => wrong("device_code is missing"),
            "token" => wrong("token is missing"),
            _ => wrong("something is missing"),
        })
    }

    /// Which program it says it is: by HTTP Basic or in the form, not by both.
    pub(crate) fn says_it_is(&self) -> Result<SaysItIs, OAuthRefusal> {
        let in_form = (self.get("client_id"), self.get("client_secret"));
        let basic = self.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let basic = basic.and_then(|value| value.split_once(' '));
        match (basic.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")), in_form) {
            (Some(_), (_, Some(_))) => Err(wrong("send the secret once")),
            (Some((_, value)), (id, None)) => {
                let unreadable = || OAuthRefusal::new(OAuthCode::InvalidClient, "unreadable Basic");
                let bytes = STANDARD.decode(value.trim()).map_err(|_| unreadable())?;
                let text = String::from_utf8(bytes).map_err(|_| unreadable())?;
                let (known, secret) = text.split_once(':').ok_or_else(unreadable)?;
                let (known, secret) = (decoded(known), decoded(secret));
                if id.is_some_and(|id| id != known) {
                    return Err(wrong("client_id is not the one that proves itself"));
                }
                Ok(SaysItIs { id: known.into_owned(), secret: Some(Secret::sent(&secret)) })
            }
            (None, (Some(id), secret)) => {
                Ok(SaysItIs { id: id.to_owned(), secret: secret.map(Secret::sent) })
            }
            (None, (None, _)) => {
                Err(OAuthRefusal::new(OAuthCode::InvalidClient, "client_id is missing"))
            }
        }
    }
}
