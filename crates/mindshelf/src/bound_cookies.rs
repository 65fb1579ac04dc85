//! Cookies that nobody but this very server can set, where browsers come by TLS.
//!
//! Whoever has another name below the same domain, or a page without TLS of this one, may set cookies
//! here, too: a session of their own, in which somebody then works. Browsers keep what begins with
//! `__Host-` from that, and, where the server has but a path of its host, with `__Secure-` from the latter.
//! Within the server names stay as they are.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

/// How the names of our cookies begin.
const OURS: &str = "mindshelf_";
/// For a server that has its host to itself.
const HOST: &str = "__Host-";
/// For one below a path.
const SECURE: &str = "__Secure-";

/// `inner`, which is reached over TLS below the path `base` (empty for none), with such cookies.
pub(crate) fn bound(base: &str, inner: Router) -> Router {
    let prefix = if base.is_empty() { HOST } else { SECURE };
    inner.layer(from_fn_with_state(prefix, bind))
}

async fn bind(State(prefix): State<&'static str>, mut request: Request, next: Next) -> Response {
    inwards(request.headers_mut(), prefix);
    let mut response = next.run(request).await;
    outwards(response.headers_mut(), prefix);
    response
}

/// Takes the prefix off our cookies, and those of our names away that come without it.
fn inwards(headers: &mut HeaderMap, prefix: &str) {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).map(str::trim);
    let kept: Vec<&str> = pairs
        .filter_map(|pair| match pair.strip_prefix(prefix) {
            Some(ours) if ours.starts_with(OURS) => Some(ours),
            _ => (!pair.starts_with(OURS)).then_some(pair),
        })
        .collect();
    let kept = HeaderValue::from_str(&kept.join("; ")).ok().filter(|kept| !kept.is_empty());
    headers.remove(COOKIE);
    if let Some(kept) = kept {
        headers.insert(COOKIE, kept);
    }
}

/// Puts the prefix before our cookies.
fn outwards(headers: &mut HeaderMap, prefix: &str) {
    let set: Vec<HeaderValue> = headers.get_all(SET_COOKIE).iter().cloned().collect();
    headers.remove(SET_COOKIE);
    for line in set {
        let ours = line.to_str().ok().filter(|line| line.starts_with(OURS));
        let named = ours.and_then(|line| HeaderValue::from_str(&format!("{prefix}{line}")).ok());
        headers.append(SET_COOKIE, named.unwrap_or(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carrying(lines: &[&'static str], prefix: &str) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_static(line));
        }
        inwards(&mut headers, prefix);
        assert!(headers.get_all(COOKIE).iter().count() <= 1);
        headers.get(COOKIE).map_or(String::new(), |line| line.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_cookie_of_ours_counts_with_its_prefix_alone() {
        for (lines, told) in [
            (&["__Host-mindshelf_session=a"] as &[&str], "mindshelf_session=a"),
            (&["mindshelf_session=thief; __Host-mindshelf_session=a"], "mindshelf_session=a"),
            (&["x=1; mindshelf_session=thief"], "x=1"),
            (&["mindshelf_session=thief", "mindshelf_next=/"], ""),
            (&["__Secure-mindshelf_session=thief"], "__Secure-mindshelf_session=thief"),
            (&["__Host-other=1", "x=2"], "__Host-other=1; x=2"),
            (&["__Host-mindshelf_theme=dark ;x=1"], "mindshelf_theme=dark; x=1"),
            (&[], ""),
        ] {
            assert_eq!(carrying(lines, HOST), told, "{lines:?}");
        }
        assert_eq!(carrying(&["__Secure-mindshelf_view=list"], SECURE), "mindshelf_view=list");
        assert_eq!(carrying(&["__Host-mindshelf_view=x"], SECURE), "__Host-mindshelf_view=x");
    }

    #[test]
    fn what_is_set_is_set_with_the_prefix() {
        let mut headers = HeaderMap::new();
        for line in ["mindshelf_session=a; Path=/; Secure", "x=1", "mindshelf_next=; Path=/"] {
            headers.append(SET_COOKIE, HeaderValue::from_static(line));
        }
        outwards(&mut headers, HOST);
        let lines: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
        let told =
            ["__Host-mindshelf_session=a; Path=/; Secure", "x=1", "__Host-mindshelf_next=; Path=/"];
        assert_eq!(lines, told);
    }
}
