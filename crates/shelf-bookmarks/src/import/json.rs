//! Reads JSON as a flat run of events, so that no nesting depth can exhaust the stack.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use std::borrow::Cow;

use super::text::decode_utf8_or_1252;

/// One event of a JSON text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Event<'a> {
    /// `{`
    ObjectStart,
    /// `}`
    ObjectEnd,
    /// `[`
    ArrayStart,
    /// `]`
    ArrayEnd,
    /// The name of the member whose value follows.
    Key(Cow<'a, str>),
    /// A string.
    Text(Cow<'a, str>),
    /// A number as written, `true`, `false` or `null`.
    Bare(&'a str),
}

/// Where and why a text stops being JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken {
    /// Byte of the text, from 0.
    pub(super) at: usize,
    /// Whether the text simply ended.
    pub(super) is_cut: bool,
}

/// The events of a text in order. Member and element separators are taken leniently.
#[derive(Debug)]
pub(super) struct Events<'a> {
    bytes: &'a [u8],
    at: usize,
    /// For each open container whether it is an object.
    open: Vec<bool>,
    is_value_next: bool,
    is_done: bool,
}

impl<'a> Events<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Self { bytes, at, open: Vec::new(), is_value_next: false, is_done: false }
    }

    /// How many containers are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// The byte that will be read next.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The next event; `None` after the end of the outermost value.
    pub(super) fn next_event(&mut self) -> Result<Option<Event<'a>>, Broken> {
        if self.is_done {
            return Ok(None);
        }
        self.skip_filling();
        let Some(byte) = self.bytes.get(self.at).copied() else {
            return Err(Broken { at: self.at, is_cut: true });
        };
        let is_member = self.open.last() == Some(&true) && !self.is_value_next;
        let event = match byte {
            b'}' | b']' => self.close(byte)?,
            b'"' if is_member => {
                let name = self.string()?;
                self.is_value_next = true;
                return Ok(Some(Event::Key(name)));
            }
            _ if is_member => return Err(self.broken()),
            b'"' => Event::Text(self.string()?),
            b'{' | b'[' => {
                self.at += 1;
                self.open.push(byte == b'{');
                self.is_value_next = false;
                let is_object = byte == b'{';
                return Ok(Some(if is_object { Event::ObjectStart } else { Event::ArrayStart }));
            }
            _ => self.bare()?,
        };
        self.is_value_next = false;
        self.is_done = self.open.is_empty();
        Ok(Some(event))
    }

    /// Steps over the value that follows a key or stands next in an array.
    pub(super) fn skip_value(&mut self) -> Result<(), Broken> {
        let depth = self.depth();
        loop {
            let event = self.next_event()?;
            let is_inside = self.depth() > depth || matches!(event, Some(Event::Key(_)));
            if event.is_none() || !is_inside {
                return Ok(());
            }
        }
    }

    fn broken(&self) -> Broken {
        Broken { at: self.at, is_cut: self.at >= self.bytes.len() }
    }

    fn skip_filling(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let is_filling = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' | 0);
        self.at += rest.iter().take_while(|b| is_filling(b)).count();
    }

    fn close(&mut self, byte: u8) -> Result<Event<'a>, Broken> {
        let is_object = byte == b'}';
        if self.is_value_next || self.open.last() != Some(&is_object) {
            return Err(self.broken());
        }
        self.open.pop();
        self.at += 1;
        Ok(if is_object { Event::ObjectEnd } else { Event::ArrayEnd })
    }

    fn bare(&mut self) -> Result<Event<'a>, Broken> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        let length = rest.iter().take_while(|b| is_part(b)).count();
        let word = rest.get(..length).and_then(|word| std::str::from_utf8(word).ok());
        match word {
            Some(word) if length > 0 => {
                self.at += length;
                Ok(Event::Bare(word))
            }
            _ => Err(self.broken()),
        }
    }

    /// Reads the string whose quote is next.
    fn string(&mut self) -> Result<Cow<'a, str>, Broken> {
        let start = self.at + 1;
        let (mut end, mut has_escape) = (start, false);
        loop {
            match self.bytes.get(end) {
                None => return Err(Broken { at: self.bytes.len(), is_cut: true }),
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escape = true;
                    end += 2;
                }
                Some(_) => end += 1,
            }
        }
        self.at = end + 1;
        let text = decode_utf8_or_1252(self.bytes.get(start..end).unwrap_or_default());
        Ok(if has_escape { Cow::Owned(unescape(&text)) } else { text })
    }
}

/// Resolves the escapes of a JSON string; half a surrogate pair becomes U+FFFD.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.split_once('\\') {
        out.push_str(before);
        let mut characters = from.chars();
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let (character, used) = unicode_escape(characters.as_str());
                out.push(character);
                rest = characters.as_str().get(used..).unwrap_or_default();
                continue;
            }
            Some(other) => out.push(other),
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out
}

/// The character behind `\u` and the bytes used after it.
fn unicode_escape(text: &str) -> (char, usize) {
    let unit = |from: usize| {
        let digits = text.get(from..from + 4)?;
        let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
        is_hex.then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let Some(first) = unit(0) else { return (char::REPLACEMENT_CHARACTER, 0) };
    if (0xd800..0xdc00).contains(&first)
        && text.get(4..6) == Some("\\u")
        && let Some(second @ 0xdc00..0xe000) = unit(6)
    {
        let joined = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER), 10);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 4)
}

#[cfg(test)]
mod tests {
    use super::{Event, Events};

    fn events(text: &str) -> (usize, bool) {
        let mut events = Events::new(text.as_bytes());
        let mut count = 0;
        loop {
            match events.next_event() {
                Ok(Some(_)) => count += 1,
                Ok(None) => return (count, true),
                Err(_) => return (count, false),
            }
        }
    }

    #[test]
    fn a_text_becomes_its_events() {
        assert_eq!(events(r#"{"a":[1,true,null,"x"],"b":{}}"#), (12, true));
        assert_eq!(events(r#"{"a":}"#), (2, false));
        assert_eq!(events(r#"{"a":"#), (2, false));
        assert_eq!(events("[1}"), (2, false));
        assert_eq!(events(&"[".repeat(100_000)), (100_000, false));
    }

    #[test]
    fn escapes_are_resolved() {
        let mut events = Events::new(br#""\u00e9\ud83d\ude00\ud83dx\n\/\"""#);
        assert_eq!(events.next_event(), Ok(Some(Event::Text("é😀\u{fffd}x\n/\"".into()))));
    }

    #[test]
    fn a_value_can_be_stepped_over() {
        let mut events = Events::new(br#"{"a":[{"x":[1]}],"b":2}"#);
        assert_eq!(events.next_event(), Ok(Some(Event::ObjectStart)));
        assert_eq!(events.next_event(), Ok(Some(Event::Key("a".into()))));
        assert_eq!(events.skip_value(), Ok(()));
        assert_eq!(events.next_event(), Ok(Some(Event::Key("b".into()))));
        assert_eq!(events.skip_value(), Ok(()));
        assert_eq!(events.next_event(), Ok(Some(Event::ObjectEnd)));
    }
}
