//! Cookies: the session, and a browser's own likings.

use axum::http::{HeaderMap, HeaderValue, header};

/// The session's secret.
pub(crate) const SESSION: &str = "mindshelf_session";
/// How bright the room is.
pub(crate) const THEME: &str = "mindshelf_theme";
/// In which coat lists go.
pub(crate) const COAT: &str = "mindshelf_view";
/// What was just done, told once.
pub(crate) const FLASH: &str = "mindshelf_flash";
/// Where somebody was on the way to before they had to sign in.
pub(crate) const NEXT: &str = "mindshelf_next";
/// What ends the sign-in of this browser at its organisation.
pub(crate) const SSO: &str = "mindshelf_sso";
/// What a question to a passkey was about, until it is answered.
pub(crate) const CEREMONY: &str = "mindshelf_passkey";
/// A year, in seconds.
pub(crate) const YEAR_S: i64 = 365 * 24 * 60 * 60;

/// The value of the cookie `name`, if the request carries it.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(known, value)| (known == name).then_some(value))
}

/// Sets a cookie no script can read, for `age_s` seconds; 0 takes it away.
pub(crate) fn set(headers: &mut HeaderMap, name: &str, value: &str, age_s: i64, secure: bool) {
    let secure = if secure { "; Secure" } else { "" };
    let line = format!("{name}={value}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(line) = HeaderValue::from_str(&line) {
        headers.append(header::SET_COOKIE, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_not_by_its_ending() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            HeaderValue::from_static("xmindshelf_theme=1; mindshelf_theme=dark; a=b"),
        );
        assert_eq!(read(&headers, THEME), Some("dark"));
        assert_eq!(read(&headers, SESSION), None);
    }

    #[test]
    fn a_value_that_would_break_the_header_is_not_set() {
        let mut headers = HeaderMap::new();
        set(&mut headers, THEME, "a\r\nSet-Cookie: b", 1, true);
        assert!(headers.is_empty());
        set(&mut headers, THEME, "dark", 1, true);
        let line = headers[header::SET_COOKIE].to_str().unwrap();
        assert!(
            line.contains("HttpOnly") && line.contains("SameSite=Lax") && line.contains("Secure")
        );
    }
}
