//! Bring a code to the provider that gave it, and judge the token it answers with.

use super::about::{JSON, json};
use super::begin::{nonce, verifier};
use super::known::{Said, known, known_again};
use super::token::{Claims, Expected, Key, judged};
use super::{SsoDoors, SsoFailure, TurnedAway, asked, redirect_uri};
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use shelf_ports::Fault;
use shelf_ports::outbound::Method;
use shelf_ports::sso::{Provider, ProviderSecret};
use shelf_ports::vault::Owner;
use url::form_urlencoded::{Serializer, byte_serialize};

/// What a provider answers a code with, as far as it is used.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// Who somebody is who came back with `code`, as `provider` says.
pub(super) async fn exchanged(
    doors: &SsoDoors,
    provider: &Provider,
    code: &str,
    secret: &Secret,
    reached: &str,
) -> Result<Claims, SsoFailure> {
    let said = known(doors, &provider.issuer).await?;
    let token = token_for(doors, provider, &said, (code, secret, reached)).await?;
    let nonce = nonce(secret);
    let now = doors.doors().clock.now_ms();
    let expected =
        Expected { issuer: &provider.issuer, client_id: &provider.client_id, nonce: &nonce, now };
    with_keys(doors, &provider.issuer, |keys| judged(&token, keys, &expected)).await
}

/// What `judge` says by the keys of `issuer`; by those it has now, where one is unknown.
pub(super) async fn with_keys<T: Send>(
    doors: &SsoDoors,
    issuer: &str,
    judge: impl Fn(&[Key]) -> Result<T, TurnedAway> + Send + Sync,
) -> Result<T, SsoFailure> {
    match judge(&known(doors, issuer).await?.keys) {
        // Its keys may have changed since they were asked for.
        Err(TurnedAway::UnknownKey) => {
            let said = known_again(doors, issuer).await?.ok_or(TurnedAway::UnknownKey)?;
            Ok(judge(&said.keys)?)
        }
        other => Ok(other?),
    }
}

async fn token_for(
    doors: &SsoDoors,
    provider: &Provider,
    said: &Said,
    (code, secret, reached): (&str, &Secret, &str),
) -> Result<String, SsoFailure> {
    if provider.secret.is_lost() {
        return Err(TurnedAway::NoSecret.into());
    }
    let own = opened(doors, provider).await?;
    let in_body = said.about.wants_secret_in_body().then_some(own.as_str());
    let body = form(provider, (code, secret, reached), in_body);
    let mut ask = asked(Method::Post, &said.about.token_endpoint, &JSON)
        .header("Content-Type", "application/x-www-form-urlencoded");
    if in_body.is_none() {
        ask = ask.header("Authorization", basic(&provider.client_id, &own));
    }
    ask.body = body;
    let tokens: Tokens = json(doors, ask).await.map_err(|_| TurnedAway::NoToken)?;
    Ok(tokens.id_token)
}

/// What is brought to the provider; its secret too, where that does not go into a header.
fn form(
    provider: &Provider,
    (code, secret, reached): (&str, &Secret, &str),
    own: Option<&str>,
) -> Vec<u8> {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &redirect_uri(reached, provider.tenant))
        .append_pair("client_id", &provider.client_id)
        .append_pair("code_verifier", &verifier(secret))
        .extend_pairs(own.map(|own| ("client_secret", own)));
    form.finish().into_bytes()
}

/// Id and secret as a header (RFC 6749 §2.3.1): each written as in a form before they are joined.
fn basic(id: &str, secret: &str) -> String {
    let written = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", written(id), written(secret))))
}

async fn opened(doors: &SsoDoors, provider: &Provider) -> Result<String, Fault> {
    let doing = "opening the secret of an identity provider";
    let (owner, of) = (Owner::Tenant(provider.tenant), ProviderSecret::of(provider.tenant));
    let opened = doors.vault.open(owner, of, &provider.secret.0).await?;
    let opened = opened.ok_or_else(|| Fault::new(doing, "the key of its tenant is gone"))?;
    String::from_utf8(opened).map_err(|error| Fault::new(doing, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_with_a_colon_stays_apart_from_its_secret() {
        let sent = basic("a:b c", "s&e%");
        let told = STANDARD.decode(sent.trim_start_matches("Basic ")).unwrap();
        assert_eq!(String::from_utf8(told).unwrap(), "a%3Ab+c:s%26e%25");
    }
}
