//! A file out of a form that a browser sent without a script's help.

/// The name and the bytes of the first file in a `multipart/form-data` body, and the form's token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Upload<'a> {
    /// What the browser called it.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) bytes: &'a [u8],
    /// The proof that came with it.
    pub(crate) csrf: String,
}

/// Parts a form may have; ours has two.
const PARTS_MAX: usize = 16;
/// Longest mark between parts, bytes (RFC 2046, 5.1.1). It is sought at every place of the body.
const BOUNDARY_BYTES_MAX: usize = 70;

/// Reads `body` as the form that `content_type` announces; nothing when it is none or has no file.
pub(crate) fn read<'a>(content_type: &str, body: &'a [u8]) -> Option<Upload<'a>> {
    let (kind, rest) = content_type.split_once(';')?;
    let boundary = rest.trim().strip_prefix("boundary=")?.trim_matches('"');
    let is_mark = (1..=BOUNDARY_BYTES_MAX).contains(&boundary.len());
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") || !is_mark {
        return None;
    }
    let mark = format!("--{boundary}");
    let mut rest = after(body, mark.as_bytes())?;
    let mark = format!("\r\n{mark}");
    let (mut found, mut csrf) = (None, String::new());
    for _ in 0..PARTS_MAX {
        let Some(part) = rest.strip_prefix(b"\r\n") else { break };
        let end = position(part, mark.as_bytes())?;
        let (inside, tail) = (part.get(..end)?, part.get(end + mark.len()..)?);
        let split = position(inside, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(inside.get(..split)?).into_owned();
        let content = inside.get(split + 4..)?;
        match (quoted(&head, " name=").as_deref(), quoted(&head, "filename=")) {
            (Some("file"), Some(name)) if found.is_none() => {
                found = Some((name, content));
            }
            (Some("_csrf"), None) => csrf = String::from_utf8_lossy(content).into_owned(),
            _ => {}
        }
        rest = tail;
    }
    found.map(|(name, bytes)| Upload { name, bytes, csrf })
}

fn quoted(head: &str, key: &str) -> Option<String> {
    let (_, rest) = head.split_once(key)?;
    let (value, _) = rest.strip_prefix('"')?.split_once('"')?;
    Some(value.to_owned())
}

fn position(text: &[u8], sought: &[u8]) -> Option<usize> {
    text.windows(sought.len()).position(|window| window == sought)
}

fn after<'a>(text: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    text.get(position(text, mark)? + mark.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=----x";
    const BODY: &[u8] = b"------x\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\ntoken\r\n------x\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"b.html\"\r\nContent-Type: text/html\r\n\r\n<dl>\r\n\r\n--\x00\r\n------x--\r\n";

    #[test]
    fn a_file_and_its_proof_are_found() {
        let upload = read(TYPE, BODY).unwrap();
        assert_eq!(upload.name, "b.html");
        assert_eq!(upload.bytes, b"<dl>\r\n\r\n--\x00");
        assert_eq!(upload.csrf, "token");
    }

    #[test]
    fn a_torn_form_is_none_at_any_length() {
        for length in 0..BODY.len() {
            let whole = length + 4 >= BODY.len();
            assert!(read(TYPE, &BODY[..length]).is_none() || whole || length > 150, "{length}");
        }
        assert_eq!(read("multipart/form-data; boundary=", b""), None);
        assert_eq!(read("text/plain", BODY), None);
        let (longest, longer) =
            ("y".repeat(BOUNDARY_BYTES_MAX), "y".repeat(BOUNDARY_BYTES_MAX + 1));
        for (mark, is_read) in [(longest, true), (longer, false)] {
            let body = String::from_utf8_lossy(BODY).replace("----x", &mark);
            let kind = format!("multipart/form-data; boundary={mark}");
            assert_eq!(read(&kind, body.as_bytes()).is_some(), is_read, "{mark}");
        }
    }
}
