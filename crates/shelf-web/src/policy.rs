//! The headers every page carries: nothing runs, loads, frames or posts but what is ours.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// The content security policy of every page: no inline script or style, no other host.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     font-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), \
         publickey-credentials-create=(self), publickey-credentials-get=(self)",
    ),
];

/// Puts the headers on an answer.
pub fn apply(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// In an answer: that it is a file somebody brought, in which nothing may run, whatever it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sandboxed;

/// Lets nothing of an answer run or load, not even what is ours.
pub(crate) fn sandbox(headers: &mut HeaderMap) {
    let policy = "sandbox; default-src 'none'; frame-ancestors 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
}

/// In an answer: where else its forms may lead, which browsers look at when a form's answer sends
/// them on.
#[derive(Clone, Debug)]
pub(crate) struct FormGoesTo(pub(crate) String);

/// Lets forms of a page lead to `place`, too: a scheme, with a host where it has one.
pub(crate) fn let_forms_go_to(headers: &mut HeaderMap, place: &str) {
    let allowed = format!("form-action 'self' {place};");
    let policy = CONTENT_SECURITY_POLICY.replace("form-action 'self';", &allowed);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_nothing_inline_and_no_other_host() {
        assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
        assert!(!CONTENT_SECURITY_POLICY.contains("http"));
        assert!(!CONTENT_SECURITY_POLICY.contains('*'));
    }
}
