//! What may stand beside the content of a file: its name and its media type, which nobody trusts.

use shelf_domain::refusal::Refused;

/// Longest name, in bytes: what file systems take.
const NAME_BYTES_MAX: usize = 255;
/// Longest media type, in bytes.
const TYPE_BYTES_MAX: usize = 255;
/// The type of what nobody said the type of.
const UNKNOWN: &str = "application/octet-stream";

/// The name of a file without the folders before it, whatever separates those. Refused `invalid`
/// where nothing is left, it holds control characters or is too long.
pub(super) fn named(sent: &str) -> Result<String, Refused> {
    let name = sent.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let wrong = |detail: &str| Refused::invalid("name", detail);
    if name.is_empty() || name == "." || name == ".." {
        return Err(wrong("a file has a name"));
    }
    if name.chars().any(|char| char.is_control() || is_turning(char)) {
        return Err(wrong("a name holds no control characters"));
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(wrong("a name has at most 255 bytes"));
    }
    Ok(name.to_owned())
}

/// Whether `char` turns how text reads, so that `exe.txt` looks like another kind of file.
fn is_turning(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// The media type `sent` without its parameters; refused `invalid` where it is none.
pub(super) fn typed(sent: Option<&str>) -> Result<String, Refused> {
    let Some(sent) = sent.map(str::trim).filter(|sent| !sent.is_empty()) else {
        return Ok(UNKNOWN.to_owned());
    };
    let kind = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_token = |part: &str| !part.is_empty() && part.bytes().all(is_of_token);
    let halves = kind.split_once('/');
    if kind.len() <= TYPE_BYTES_MAX && halves.is_some_and(|(a, b)| is_token(a) && is_token(b)) {
        return Ok(kind);
    }
    Err(Refused::invalid("content_type", "this is no media type"))
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_name_and_no_path() {
        for (sent, name) in [
            ("page.html", "page.html"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Users\a\photo.png", "photo.png"),
            (" Größe & \"mehr\".pdf ", "Größe & \"mehr\".pdf"),
        ] {
            assert_eq!(named(sent).unwrap(), name);
        }
        let long = "a".repeat(256);
        for sent in ["", " ", "a/", "..", "a/..", "a\r\nb", "a\u{202e}gpj.exe", "a\0", &long] {
            assert!(named(sent).is_err(), "{sent:?}");
        }
    }

    #[test]
    fn a_type_is_two_words_or_nothing() {
        assert_eq!(typed(None).unwrap(), UNKNOWN);
        assert_eq!(typed(Some("")).unwrap(), UNKNOWN);
        assert_eq!(typed(Some("Text/HTML; charset=utf-8")).unwrap(), "text/html");
        assert_eq!(typed(Some("image/svg+xml")).unwrap(), "image/svg+xml");
        for sent in ["html", "text/", "/html", "text/html\r\nx: y", "a b/c", "text/\"x\""] {
            assert!(typed(Some(sent)).is_err(), "{sent:?}");
        }
    }
}
