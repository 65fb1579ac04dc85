//! Where a browser may be sent back to: exactly where the program said it would be.

use shelf_domain::refusal::Refused;

/// Longest address, bytes.
pub const REDIRECT_BYTES_MAX: usize = 1_000;
/// Hosts of this machine that may be named; `localhost` is a name somebody may resolve otherwise.
const LOOPBACK: [&str; 2] = ["127.0.0.1", "[::1]"];

/// Checks an address a program wants to be sent back to; refused at `redirects`.
pub fn checked(address: &str) -> Result<(), Refused> {
    let refuse = |why: &str| Err(Refused::invalid("redirects", format!("{address:?}: {why}")));
    if address.len() > REDIRECT_BYTES_MAX {
        return Err(Refused::invalid("redirects", "an address is too long"));
    }
    if !address.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\#\"<>^`{|}*".contains(&byte)) {
        return refuse("has a fragment, a wildcard, or what stands in no address");
    }
    if let Some(rest) = address.strip_prefix("https://") {
        return if is_place(rest) { Ok(()) } else { refuse("names no host, or more than a host") };
    }
    if address.starts_with("http://") {
        return match loopback(address) {
            Some(_) => Ok(()),
            None => refuse("without TLS only http://127.0.0.1 and http://[::1] can be named"),
        };
    }
    let Some((scheme, rest)) = address.split_once(':') else { return refuse("has no scheme") };
    let is_own = scheme.contains('.')
        && scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'));
    if is_own && rest.starts_with('/') && !rest.starts_with("//") {
        return Ok(());
    }
    refuse("a scheme of one's own is the name of one's own host, backwards: org.example.app:/back")
}

/// Whether `rest` is a host with perhaps a port, and what stands behind it.
fn is_place(rest: &str) -> bool {
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, _) = rest.split_at(end);
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !host.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    // Where it leads stands in the policy of a page: nothing in it may end a part of that.
    let is_host = match inner {
        Some(address) => all(address, |byte| byte.is_ascii_hexdigit() || b":.".contains(&byte)),
        None => all(name, |byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)),
    };
    is_host && port.is_none_or(is_port)
}

/// Whether there is something in `text`, and all of it `fits`.
fn all(text: &str, fits: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(fits)
}

fn is_port(port: &str) -> bool {
    !port.is_empty() && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// The host of an address on this machine and what stands behind host and port.
fn loopback(address: &str) -> Option<(&'static str, &str)> {
    let rest = address.strip_prefix("http://")?;
    let host = LOOPBACK.into_iter().find(|host| rest.starts_with(host))?;
    let rest = rest.strip_prefix(host)?;
    let rest = match rest.strip_prefix(':') {
        Some(with_port) => {
            let end = with_port.find(['/', '?']).unwrap_or(with_port.len());
            let (port, rest) = with_port.split_at(end);
            is_port(port).then_some(rest)?
        }
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

/// Whether `asked` is the `known` address: byte for byte; on this machine the port may be another
/// one, since a program takes the one that is free (RFC 8252 §7.3).
pub fn is_known(known: &str, asked: &str) -> bool {
    if known == asked {
        return true;
    }
    match (loopback(known), loopback(asked)) {
        (Some(known), Some(asked)) => known == asked,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_lead_to_one_program_are_taken() {
        for good in [
            "https://app.example/back",
            "https://app.example:8443/back?from=shelf",
            "https://app.example",
            "https://a_b.xn--bcher-kva.example/back",
            "https://[2001:db8::7]:8443/back",
            "http://127.0.0.1/back",
            "http://127.0.0.1:7777/back",
            "http://[::1]/back",
            "org.example.app:/back",
        ] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "app.example/back",
            "http://app.example/back",
            "http://localhost/back",
            "http://127.0.0.1.evil.example/back",
            "http://127.0.0.1:x/back",
            "http://127.0.0.1@evil.example/back",
            "https://",
            "https:///back",
            "https://app.example@evil.example/back",
            "https://*.example/back",
            "https://app.example/back#here",
            "https://app.example\\@evil.example",
            "https://app.example;sandbox/back",
            "https://app.example,x/back",
            "https://'self'/back",
            "https://(app)/back",
            "https://[::1;sandbox]/back",
            "https://[]/back",
            "https://app.example/\nback",
            "javascript:alert(1)",
            "data:text/html,x",
            "myapp:/back",
            "org.example.app://back",
        ] {
            assert_eq!(checked(bad).unwrap_err().at, "redirects", "{bad}");
        }
        assert!(checked(&format!("https://a.example/{}", "x".repeat(2_000))).is_err());
    }

    #[test]
    fn an_address_is_known_byte_for_byte_but_for_the_port_of_this_machine() {
        let known = "https://app.example/back";
        assert!(is_known(known, known));
        for other in [
            "https://app.example/back/",
            "https://app.example/back2",
            "https://app.example/Back",
            "https://APP.example/back",
            "https://app.example:443/back",
            "https://app.example/back?x=1",
            "https://app.example/back#x",
            "https://user@app.example/back",
            "https://app.example/%62ack",
            "https://app.example/./back",
            "https://app.example/%2e/back",
            "http://app.example/back",
            "https://app.example.evil.example/back",
        ] {
            assert!(!is_known(known, other), "{other}");
        }
        let here = "http://127.0.0.1/back";
        for port in ["http://127.0.0.1:1/back", "http://127.0.0.1:65535/back", here] {
            assert!(is_known(here, port), "{port}");
        }
        for other in [
            "http://localhost:1/back",
            "http://[::1]:1/back",
            "http://127.0.0.1:1/other",
            "http://127.0.0.1:/back",
            "http://127.0.0.1:1x/back",
            "http://127.0.0.1:1@evil.example/back",
            "http://127.0.0.12/back",
            "https://127.0.0.1/back",
        ] {
            assert!(!is_known(here, other), "{other}");
        }
    }
}
