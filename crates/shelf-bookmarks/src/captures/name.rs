//! What may stand beside the content of a file: its name and its media type, which nobody trusts.

/// Longest name, in bytes: what file systems take.
const NAME_BYTES_MAX: usize = 255;
/// Longest media type, in bytes.
const TYPE_BYTES_MAX: usize = 255;
/// The name of what has none.
const NAMELESS: &str = "file";
/// The type of what nobody said the type of.
const UNKNOWN: &str = "application/octet-stream";

/// The name of a file without the folders before it, whatever separates those, without what controls
/// or turns text, and not too long.
pub(super) fn named(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = last.chars().filter(|char| !char.is_control() && !is_turning(*char));
    let mut name = plain.collect::<String>().trim().to_owned();
    while name.len() > NAME_BYTES_MAX {
        name.pop();
    }
    if ["", ".", ".."].contains(&name.as_str()) { NAMELESS.to_owned() } else { name }
}

/// Whether `char` turns how text reads, so that `exe.txt` looks like another kind of file.
fn is_turning(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// The media type `sent` without its parameters; that of bytes where it is none.
pub(super) fn typed(sent: Option<&str>) -> String {
    let kind = sent.and_then(|sent| sent.split(';').next()).unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(is_of_word);
    let halves = kind.split_once('/');
    if kind.len() <= TYPE_BYTES_MAX && halves.is_some_and(|(a, b)| is_word(a) && is_word(b)) {
        return kind;
    }
    UNKNOWN.to_owned()
}

fn is_of_word(byte: u8) -> bool {
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
            (r"C:\My Files\photo.png", "photo.png"),
            (" Größe & \"mehr\".pdf ", "Größe & \"mehr\".pdf"),
            ("a\r\nSet-Cookie: b", "aSet-Cookie: b"),
            ("a\u{202e}gpj.exe", "agpj.exe"),
        ] {
            assert_eq!(named(sent), name);
        }
        for sent in ["", " ", "a/", "..", "a/..", "\0", "\r\n"] {
            assert_eq!(named(sent), NAMELESS, "{sent:?}");
        }
        let long = named(&"ü".repeat(300));
        assert_eq!(long, "ü".repeat(127), "cut between letters");
    }

    #[test]
    fn a_type_is_two_words_or_that_of_bytes() {
        assert_eq!(typed(Some("Text/HTML; charset=utf-8")), "text/html");
        assert_eq!(typed(Some("image/svg+xml")), "image/svg+xml");
        assert_eq!(typed(None), UNKNOWN);
        for sent in ["", "html", "text/", "/html", "text/html\r\nx: y", "a b/c", "text/\"x\""] {
            assert_eq!(typed(Some(sent)), UNKNOWN, "{sent:?}");
        }
    }
}
