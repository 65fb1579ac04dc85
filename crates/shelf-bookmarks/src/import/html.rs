//! Cuts tolerant HTML into text and tags without ever building a tree; linear in the file.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use std::borrow::Cow;

/// Longest name of a character reference, in bytes (`CounterClockwiseContourIntegral;` has 32).
const ENTITY_BYTES_MAX: usize = 34;

/// One piece of the file.
#[derive(Debug)]
pub(super) enum Token<'a> {
    /// Text as written, entities still undecoded.
    Text(&'a str),
    /// An opening tag; its attributes are with the [`Tokens`] until the next piece is asked for.
    Open { name: &'a str, source: &'a str },
    /// A closing tag.
    Close { name: &'a str, source: &'a str },
}

/// The pieces of a text in their order.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// Where the last comment end of the file begins: a comment opened later is text.
    last_comment_end: usize,
    attributes: Vec<(&'a str, &'a str)>,
    cut: bool,
    keeps_comments: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let last_comment_end = text.rfind("-->").unwrap_or(0);
        Self {
            text,
            at: 0,
            last_comment_end,
            attributes: Vec::new(),
            cut: false,
            keeps_comments: false,
        }
    }

    /// Names and undecoded values of the tag handed over last.
    pub(super) fn attributes(&self) -> &[(&'a str, &'a str)] {
        &self.attributes
    }

    /// Whether comments that come now are somebody's words and no comments.
    pub(super) fn keep_comments(&mut self, keeps: bool) {
        self.keeps_comments = keeps;
    }

    /// Whether the file ended inside a tag.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// The next piece; `None` at the end.
    pub(super) fn next_token(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.text.get(self.at..)?;
            if rest.is_empty() {
                return None;
            }
            let bytes = rest.as_bytes();
            let is_open = bytes.first() == Some(&b'<');
            match (is_open, bytes.get(1)) {
                (true, Some(letter)) if letter.is_ascii_alphabetic() => return self.tag(1),
                (true, Some(b'/')) if bytes.get(2).is_some_and(u8::is_ascii_alphabetic) => {
                    return self.tag(2);
                }
                (true, Some(b'!')) if self.skip_comment(rest) => {}
                _ => return Some(self.take_text(rest)),
            }
        }
    }

    fn take_text(&mut self, rest: &'a str) -> Token<'a> {
        let end = rest.bytes().skip(1).position(|b| b == b'<').map_or(rest.len(), |at| at + 1);
        self.at += end;
        Token::Text(rest.get(..end).unwrap_or(rest))
    }

    /// Steps over a comment or a doctype; says whether there was a whole one.
    fn skip_comment(&mut self, rest: &str) -> bool {
        if self.keeps_comments {
            return false;
        }
        let end = if rest.starts_with("<!--") {
            if self.at > self.last_comment_end {
                return false;
            }
            rest.find("-->").map(|at| at + 3)
        } else if rest.get(2..).is_some_and(|r| r.starts_with(|c: char| c.is_ascii_alphabetic())) {
            rest.find('>').map(|at| at + 1)
        } else {
            None
        };
        let Some(end) = end else { return false };
        self.at += end;
        true
    }

    /// Reads a tag whose name begins `lead` bytes after its `<`.
    fn tag(&mut self, lead: usize) -> Option<Token<'a>> {
        let start = self.at;
        let name_at = start + lead;
        let name_end = self.run(name_at, |b| !is_space(b) && b != b'/' && b != b'>');
        self.attributes.clear();
        let mut at = name_end;
        loop {
            at = self.run(at, |b| is_space(b) || b == b'/');
            match self.byte(at) {
                None => {
                    self.cut = true;
                    self.at = self.text.len();
                    return None;
                }
                Some(b'>') => break,
                Some(_) => at = self.attribute(at),
            }
        }
        self.at = at + 1;
        let name = self.text.get(name_at..name_end)?;
        let source = self.text.get(start..self.at)?;
        Some(if lead == 1 { Token::Open { name, source } } else { Token::Close { name, source } })
    }

    /// Reads one attribute from `start`; the place after it.
    fn attribute(&mut self, start: usize) -> usize {
        let first = start + usize::from(self.byte(start) == Some(b'='));
        let name_end = self.run(first, |b| !is_space(b) && !matches!(b, b'/' | b'>' | b'='));
        let name = self.text.get(start..name_end).unwrap_or_default();
        let equals = self.run(name_end, is_space);
        if self.byte(equals) != Some(b'=') {
            self.attributes.push((name, ""));
            return name_end.max(start + 1);
        }
        let value_at = self.run(equals + 1, is_space);
        let quote = self.byte(value_at).filter(|b| matches!(b, b'"' | b'\''));
        let (from, to, after) = if let Some(quote) = quote {
            let end = self.run(value_at + 1, |b| b != quote);
            (value_at + 1, end, end + 1)
        } else {
            let end = self.run(value_at, |b| !is_space(b) && b != b'>');
            (value_at, end, end)
        };
        self.attributes.push((name, self.text.get(from..to).unwrap_or_default()));
        after.min(self.text.len())
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The first place from `at` on whose byte does not hold `wanted`.
    fn run(&self, at: usize, wanted: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        at + rest.iter().position(|b| !wanted(*b)).unwrap_or(rest.len())
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

/// Where character references are decoded: attributes are stricter about a missing semicolon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// Between tags.
    Text,
    /// In the value of an attribute.
    Attribute,
}

/// Decodes character references; unknown ones stay as written.
pub(super) fn decode_entities(raw: &str, within: Within) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let used = decode_one(from, within, &mut out);
        rest = from.get(used..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Decodes the reference at the start of `from` (which begins with `&`); bytes used.
fn decode_one(from: &str, within: Within, out: &mut String) -> usize {
    for (name, character) in
        [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&#39;", '\'')]
    {
        if from.starts_with(name) {
            out.push(character);
            return name.len();
        }
    }
    let bytes = from.as_bytes();
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'#';
    let body = bytes.iter().skip(1).take(ENTITY_BYTES_MAX).take_while(|b| is_name(b)).count();
    let closed = bytes.get(1 + body) == Some(&b';');
    let end = 1 + body + usize::from(closed);
    let piece = from.get(..end).unwrap_or("&");
    let is_numeric = bytes.get(1) == Some(&b'#');
    let may_decode = body > 0
        && (closed
            || is_numeric
            || within == Within::Text
            || bytes.get(end).is_none_or(|b| *b != b'='));
    if !may_decode {
        out.push('&');
        return 1;
    }
    match by_standard(piece) {
        Some(text) if within == Within::Text || is_numeric || is_whole(&text) => {
            out.push_str(&text);
        }
        _ => out.push_str(piece),
    }
    end
}

/// Whether a reference was decoded to its last letter (`&copy`, not `&copyx` or `&copyx;`).
fn is_whole(text: &str) -> bool {
    text.chars().count() == 1 || !text.ends_with(|c: char| c == ';' || c.is_ascii_alphanumeric())
}

/// What the HTML standard makes of one reference.
fn by_standard(piece: &str) -> Option<String> {
    let mut text = String::new();
    for token in html5gum::Tokenizer::new(piece) {
        let Ok(html5gum::Token::String(part)) = token else { continue };
        text.push_str(std::str::from_utf8(&part).ok()?);
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{Token, Tokens, Within, decode_entities};

    fn shape(text: &str) -> Vec<String> {
        let mut tokens = Tokens::new(text);
        let mut shape = Vec::new();
        while let Some(token) = tokens.next_token() {
            shape.push(match token {
                Token::Text(text) => format!("t:{text}"),
                Token::Open { name, .. } => format!("o:{name}{:?}", tokens.attributes()),
                Token::Close { name, .. } => format!("c:{name}"),
            });
        }
        shape
    }

    #[test]
    fn tags_keep_their_attributes_in_any_quoting() {
        assert_eq!(
            shape("<A HREF='x' b=y c d=\"1 > 0\"/>t</A >"),
            [r#"o:A[("HREF", "x"), ("b", "y"), ("c", ""), ("d", "1 > 0")]"#, "t:t", "c:A"]
        );
    }

    #[test]
    fn what_only_looks_like_a_tag_is_text() {
        assert_eq!(shape("1 < 2 <3 <? php ?>"), ["t:1 ", "t:< 2 ", "t:<3 ", "t:<? php ?>"]);
    }

    #[test]
    fn an_unclosed_comment_does_not_swallow_the_file() {
        assert_eq!(shape("<!-- x --><!-- y <b>"), ["t:<!-- y ", "o:b[]"]);
    }

    #[test]
    fn references_are_decoded_by_the_standard() {
        let text = |raw| decode_entities(raw, Within::Text).into_owned();
        let attribute = |raw| decode_entities(raw, Within::Attribute).into_owned();
        assert_eq!(
            text("a &amp;amp; b &eacute; &#x1F600; &copy &nope; &"),
            "a &amp; b é 😀 © &nope; &"
        );
        assert_eq!(attribute("?a=1&copy=2&amp;b&lang&x"), "?a=1&copy=2&b&lang&x");
        assert_eq!(text("&#0;&#13;&#x110000;"), "\u{fffd}\r\u{fffd}");
    }
}
