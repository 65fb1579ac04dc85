//! How long a document is, in tokens of the language: counted before it is read, so that what is
//! too long or nested too deep costs next to nothing.

/// What a block string begins and ends with.
const BLOCK: &[u8] = b"\"\"\"";

/// What is too much about a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooMuch {
    /// It has more tokens than are read.
    Tokens,
    /// Its brackets nest deeper than is read.
    Nesting,
}

/// Looks whether `document` has at most `tokens` tokens, nested at most `nesting` brackets deep.
/// What is no token of the language counts as one a character; the parser says what is wrong.
pub(crate) fn within(document: &str, tokens: usize, nesting: usize) -> Result<(), TooMuch> {
    let mut rest = document.as_bytes();
    let (mut count, mut depth) = (0_usize, 0_usize);
    while let Some(first) = rest.first() {
        let length = match first {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => 1,
            b'#' => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
            _ => {
                count += 1;
                match first {
                    b'{' | b'[' | b'(' => depth += 1,
                    b'}' | b']' | b')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                token(rest)
            }
        };
        if count > tokens {
            return Err(TooMuch::Tokens);
        }
        if depth > nesting {
            return Err(TooMuch::Nesting);
        }
        rest = rest.get(length.max(1)..).unwrap_or_default();
    }
    Ok(())
}

/// How many bytes the token at the beginning of `rest` has.
fn token(rest: &[u8]) -> usize {
    match rest.first() {
        Some(b'.') if rest.starts_with(b"...") => 3,
        Some(b'"') if rest.starts_with(BLOCK) => block(rest),
        Some(b'"') => string(rest),
        Some(b'-' | b'0'..=b'9') => run(rest, b"+-."),
        _ => run(rest, b"_"),
    }
}

/// How many letters, digits and bytes of `others` stand at the beginning of `rest`; one at least.
fn run(rest: &[u8], others: &[u8]) -> usize {
    let belongs = |byte: &&u8| byte.is_ascii_alphanumeric() || others.contains(byte);
    rest.iter().take_while(belongs).count().max(1)
}

/// How many bytes the block string at the beginning of `rest` has.
fn block(rest: &[u8]) -> usize {
    let inner = rest.get(BLOCK.len()..).unwrap_or_default();
    let ends = |at: &usize| {
        let escaped = at.checked_sub(1).and_then(|before| inner.get(before)) == Some(&b'\\');
        !escaped && inner.get(*at..).is_some_and(|rest| rest.starts_with(BLOCK))
    };
    let end = (0..inner.len()).find(ends);
    end.map_or(rest.len(), |at| at + 2 * BLOCK.len())
}

/// How many bytes the string at the beginning of `rest` has; to the end of the line where it has
/// no end.
fn string(rest: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.iter().enumerate().skip(1) {
        match byte {
            b'\n' => return at,
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(document: &str, tokens: usize) -> bool {
        let less = within(document, tokens - 1, 9);
        within(document, tokens, 9).is_ok() && less == Err(TooMuch::Tokens)
    }

    #[test]
    fn tokens_are_counted_as_the_language_has_them() {
        assert!(counts("{ a }", 3));
        assert!(counts("query Q($a: Int = -1) { b(c: $a) @d ...F }", 23));
        assert!(counts(
            "{ a(b: \"x y { \\\" } \", c: \"\"\"one \\\"\"\" two { \"\"\") } # { { {",
            11
        ));
        assert!(counts("{ a, , ,\n b # c\n d }", 5));
        assert!(within("", 0, 0).is_ok());
    }

    #[test]
    fn what_nests_too_deep_is_not_read() {
        assert!(within("{a{b{c}}}", 99, 3).is_ok());
        assert_eq!(within("{a{b{c{d}}}}", 99, 3), Err(TooMuch::Nesting));
        assert_eq!(within(&"[".repeat(10_000), 2_000, 40), Err(TooMuch::Nesting));
        assert_eq!(within(&"x ".repeat(10_000), 2_000, 40), Err(TooMuch::Tokens));
    }

    #[test]
    fn any_text_is_counted_to_its_end() {
        for text in ["\"", "\"\"\"", "\"\\", "...", "..", "ä\u{0}€", "#", "\"\"", "-.5e+3"] {
            assert!(within(text, 99, 9).is_ok(), "{text}");
        }
    }
}
