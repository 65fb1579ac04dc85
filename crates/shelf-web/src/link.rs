//! Which addresses may become links: only the web's own; everything else is shown as text.

use url::Url;

/// `address` when a browser may follow it safely (`http` or `https`), else nothing.
pub fn followable(address: &str) -> Option<String> {
    let parsed = Url::parse(address.trim()).ok()?;
    matches!(parsed.scheme(), "http" | "https").then(|| parsed.to_string())
}

/// The site an address belongs to, as people read it: host without `www.`, or the scheme.
pub fn site(address: &str) -> String {
    match Url::parse(address.trim()) {
        Ok(parsed) => match parsed.host_str() {
            Some(host) => host.strip_prefix("www.").unwrap_or(host).to_owned(),
            None => parsed.scheme().to_owned(),
        },
        Err(_) => String::new(),
    }
}

/// A path inside MindShelf that a form may send someone back to; anything that could leave is refused.
pub fn inside(path: &str) -> Option<&str> {
    let plain = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.chars().any(char::is_control);
    plain.then_some(path)
}

/// Which of the eight cloth colours a site's spine wears.
pub fn cloth(site: &str) -> u8 {
    let sum =
        site.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    u8::try_from(sum % 8).unwrap_or(0)
}

/// `text` as a value in a query string or one segment of a path.
pub fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// `base` (a path that may have a query) with one more `name=value`.
pub fn with(base: &str, name: &str, value: &str) -> String {
    let joint = if base.contains('?') { '&' } else { '?' };
    format!("{base}{joint}{name}={}", escaped(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_become_links() {
        for hostile in [
            "javascript:alert(1)",
            " JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://a/b",
            "//evil.example",
            "",
        ] {
            assert_eq!(followable(hostile), None, "{hostile:?}");
        }
        assert_eq!(followable("HTTPS://Example.org/a").as_deref(), Some("https://example.org/a"));
    }

    #[test]
    fn nobody_is_sent_outside() {
        for hostile in ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb", ""]
        {
            assert_eq!(inside(hostile), None, "{hostile:?}");
        }
        assert_eq!(inside("/library?q=a"), Some("/library?q=a"));
    }

    #[test]
    fn a_site_is_read_without_its_www() {
        assert_eq!(site("https://www.example.org/x"), "example.org");
        assert_eq!(site("about:blank"), "about");
    }
}
