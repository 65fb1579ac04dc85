//! Whether a body looks like what it is said to be.

/// Bytes that are looked at.
pub(crate) const LOOKED_AT_BYTES: usize = 1024;

/// Formats by how they begin, and the media type that may begin so.
const BEGINNINGS: [(&[u8], &str); 8] = [
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x1f\x8b", "application/gzip"),
    (b"PK\x03\x04", "application/zip"),
    (b"RIFF", "image/webp"),
];

/// How programs begin, on any system.
const PROGRAMS: [&[u8]; 8] = [
    b"MZ",
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\0asm",
];

/// The marks by which text in UTF-16 begins; only there zeroes are text.
const UTF16_MARKS: [&[u8]; 2] = [b"\xfe\xff", b"\xff\xfe"];

/// Whether a body of the media type `name`, in lower case, may begin with `bytes`.
pub(crate) fn agrees(name: &str, bytes: &[u8]) -> bool {
    let bytes = bytes.get(..LOOKED_AT_BYTES).unwrap_or(bytes);
    if bytes.is_empty() {
        return true;
    }
    let known = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning));
    if is_text(name) {
        return known.is_none() && reads_as_text(bytes);
    }
    if BEGINNINGS.iter().any(|(_, of)| *of == name) {
        return known.is_some_and(|(_, of)| *of == name);
    }
    !PROGRAMS.iter().any(|program| bytes.starts_with(program))
}

/// Whether a media type is one of text.
fn is_text(name: &str) -> bool {
    let kinds = ["json", "xml", "javascript", "xhtml+xml", "yaml"];
    let (family, kind) = name.split_once('/').unwrap_or((name, ""));
    let ends = ["+json", "+xml"].iter().any(|ending| kind.ends_with(ending));
    family == "text" || ends || (family == "application" && kinds.contains(&kind))
}

/// Whether `bytes` hold none that no text holds, as browsers see it.
fn reads_as_text(bytes: &[u8]) -> bool {
    let no_text = |byte: &u8| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    UTF16_MARKS.iter().any(|mark| bytes.starts_with(mark)) || !bytes.iter().any(no_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_as_it_is_said_to_be_passes() {
        let html = b"\xef\xbb\xbf<!doctype html><title>Caf\xe9</title>";
        for (name, body) in [
            ("text/html", html.as_slice()),
            ("text/html", b"\xff\xfe<\0h\0"),
            ("text/plain", b"\x1b$B plain in an old coding"),
            ("application/atom+xml", b"<?xml version='1.0'?>"),
            ("application/json", b"{}"),
            ("application/pdf", b"%PDF-1.7"),
            ("image/png", b"\x89PNG\r\n\x1a\n..."),
            ("image/avif", b"\0\0\0 ftypavif"),
            ("text/html", b""),
        ] {
            assert!(agrees(name, body), "{name} {body:?}");
        }
    }

    #[test]
    fn what_looks_like_something_else_does_not() {
        for (name, body) in [
            ("text/html", b"MZ\x90\0\x03\0\0\0".as_slice()),
            ("text/html", b"\x7fELF\x02\x01\x01"),
            ("text/html", b"%PDF-1.7"),
            ("text/plain", b"GIF89a<script>"),
            ("application/json", b"\x1f\x8b\x08"),
            ("image/svg+xml", b"\x89PNG\r\n\x1a\n"),
            ("image/png", b"<html>"),
            ("image/png", b"GIF89a"),
            ("application/pdf", b"<html>"),
            ("application/octet-stream", b"\x7fELF\x02"),
            ("video/mp4", b"MZ\x90"),
        ] {
            assert!(!agrees(name, body), "{name} {body:?}");
        }
    }
}
