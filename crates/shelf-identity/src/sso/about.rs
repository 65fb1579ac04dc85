//! What a provider says of itself (OpenID Connect Discovery 1.0), held to what was connected.

use super::refusal::TurnedAway;
use super::{SsoDoors, asked};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shelf_domain::refusal::Refused;
use shelf_ports::outbound::{Ask, Method, Refusal, Unanswered};
use url::{Host, Url};

/// The media types documents of providers come as.
pub(super) const JSON: [&str; 2] = ["application/json", "application/jwk-set+json"];
/// Longest address of a provider, bytes.
const ISSUER_BYTES_MAX: usize = 500;

/// What a provider says of itself, as far as it is used.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct About {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    response_types_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default, rename = "authorization_response_iss_parameter_supported")]
    pub(super) says_who_answers: bool,
}

impl About {
    /// Whether the secret goes into the body of a request, because a header is not taken.
    pub(super) fn wants_secret_in_body(&self) -> bool {
        let ways = self.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        let takes = |way: &str| ways.iter().any(|known| known == way);
        takes("client_secret_post") && !takes("client_secret_basic")
    }

    /// Holds what was said to the issuer it was asked of and to what is used here.
    pub(super) fn check(&self, issuer: &str) -> Result<(), TurnedAway> {
        let ends = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        if self.issuer != issuer || !ends.iter().all(|end| is_safe(end)) {
            return Err(TurnedAway::OtherProvider);
        }
        let lacks = |all: &Option<Vec<String>>, one: &str| {
            all.as_ref().is_some_and(|all| !all.iter().any(|known| known == one))
        };
        if lacks(&self.response_types_supported, "code")
            || lacks(&self.code_challenge_methods_supported, "S256")
        {
            return Err(TurnedAway::OtherProvider);
        }
        Ok(())
    }
}

/// Whether `address` may be asked or sent to: encrypted, or on this very machine, which the door out
/// lets through only where it was allowed by name.
pub(super) fn is_safe(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let is_plain =
        url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let is_here = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    is_plain && url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && is_here))
}

/// The issuer somebody typed; refused at `issuer` where it can be none.
pub(super) fn checked_issuer(typed: &str) -> Result<String, Refused> {
    let issuer = typed.trim();
    let has_query = Url::parse(issuer).is_ok_and(|url| url.query().is_some());
    if issuer.len() > ISSUER_BYTES_MAX || !is_safe(issuer) || has_query {
        let detail = "an issuer is an address that begins with https:// and has no ? and no #";
        return Err(Refused::invalid("issuer", detail));
    }
    Ok(issuer.to_owned())
}

/// Asks `issuer` what it says of itself.
pub(super) async fn ask_about(doors: &SsoDoors, issuer: &str) -> Result<About, TurnedAway> {
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let about: About = json(doors, asked(Method::Get, &address, &JSON)).await?;
    about.check(issuer)?;
    Ok(about)
}

/// The answer to `ask`, read as JSON.
pub(super) async fn json<T: DeserializeOwned>(doors: &SsoDoors, ask: Ask) -> Result<T, TurnedAway> {
    let answer = doors.outbound.send(ask).await.map_err(|why| {
        tracing::info!(error = &why as &dyn std::error::Error, "a provider was not reached");
        TurnedAway::Unreachable
    })?;
    if answer.status != 200 {
        return Err(TurnedAway::Unreachable);
    }
    read(&answer.body)
}

/// What a provider answered, as JSON.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, TurnedAway> {
    serde_json::from_slice(body).map_err(|_| TurnedAway::Unreachable)
}

/// Why an address that somebody named was not reached, as the end of a sentence.
pub(super) fn told(why: Unanswered) -> String {
    match why {
        Unanswered::Refused(Refusal::Off) => {
            "this server sends nothing to other machines; whoever runs it can switch that on".into()
        }
        why => why.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encrypted_addresses_and_this_machine_are_asked() {
        for good in [
            "https://id.example.org/realms/x",
            "https://id.example.org:8443",
            "http://127.0.0.1:8080/realms/x",
            "http://[::1]:8080",
            "http://localhost:8080",
        ] {
            assert!(is_safe(good), "{good}");
        }
        for bad in [
            "",
            "id.example.org",
            "http://id.example.org",
            "http://127.0.0.1.example.org",
            "http://10.0.0.1",
            "https://ada:secret@id.example.org",
            "https://id.example.org/#x",
            "ftp://127.0.0.1",
            "javascript:alert(1)",
            "data:text/html,x",
        ] {
            assert!(!is_safe(bad), "{bad}");
        }
        assert_eq!(checked_issuer(" https://id.example.org ").unwrap(), "https://id.example.org");
        for bad in
            ["https://id.example.org/?x=1", &format!("https://a.example/{}", "x".repeat(600))]
        {
            assert_eq!(checked_issuer(bad).unwrap_err().at, "issuer");
        }
    }

    #[test]
    fn a_provider_is_what_it_was_connected_as_or_it_is_none() {
        let said = |from: &str, to: &str| {
            let text = r#"{"issuer":"https://id.example",
                "authorization_endpoint":"https://id.example/auth",
                "token_endpoint":"https://id.example/token","jwks_uri":"https://id.example/keys",
                "response_types_supported":["code"],"code_challenge_methods_supported":["S256"]}"#;
            assert!(text.contains(from), "{from}");
            let about: About = serde_json::from_str(&text.replace(from, to)).unwrap();
            about.check("https://id.example")
        };
        assert_eq!(said("", ""), Ok(()));
        for (from, to) in [
            ("\"issuer\":\"https://id.example\"", "\"issuer\":\"https://id.example/\""),
            ("\"issuer\":\"https://id.example\"", "\"issuer\":\"https://evil.example\""),
            ("https://id.example/auth", "http://id.example/auth"),
            ("https://id.example/auth", "javascript:alert(1)"),
            ("https://id.example/token", "http://169.254.169.254/"),
            ("https://id.example/keys", "file:///etc/passwd"),
            ("[\"code\"]", "[\"id_token\"]"),
            ("[\"S256\"]", "[\"plain\"]"),
        ] {
            assert_eq!(said(from, to), Err(TurnedAway::OtherProvider), "{to}");
        }
    }
}
