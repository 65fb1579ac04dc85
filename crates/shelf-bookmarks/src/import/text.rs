//! Turns the bytes of a file into text: byte order marks, META charset, stray bytes, NULs.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use super::limits;

/// How many bytes of an HTML file are searched for its META charset.
const META_BYTES: usize = 4_096;

/// The encoding a byte order mark (or, without one, the pattern of UTF-16) names.
pub(super) fn marked_encoding(head: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Some(encoding);
    }
    match head {
        [b'<' | b'{' | b'[', 0, ..] => Some(UTF_16LE),
        [0, b'<' | b'{' | b'[', ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// Decodes a whole HTML file. Line ends become LF, NULs vanish, nothing else is lost:
/// bytes that are no UTF-8 are read as windows-1252.
pub(super) fn decode_html(bytes: &[u8]) -> Cow<'_, str> {
    let text = match marked_encoding(bytes) {
        Some(encoding) => encoding.decode(bytes).0,
        None => match meta_encoding(bytes) {
            Some(encoding) => encoding.decode_without_bom_handling(bytes).0,
            None => decode_utf8_or_1252(bytes),
        },
    };
    without_carriage(without_nul(text))
}

/// Reads bytes as UTF-8, and what is no UTF-8 as windows-1252.
pub(super) fn decode_utf8_or_1252(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    Cow::Owned(text)
}

/// Removes NUL characters.
pub(super) fn without_nul(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { text }
}

fn without_carriage(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('\r') {
        return text;
    }
    Cow::Owned(text.replace("\r\n", "\n").replace("\n\r", "\n").replace('\r', "\n"))
}

/// The charset a META element names, unless it is UTF-8 (or a UTF-16 that has no mark).
fn meta_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..META_BYTES.min(bytes.len()))?.to_ascii_lowercase();
    let at = find(&head, b"charset=")?;
    let rest = head.get(at + b"charset=".len()..)?;
    let label: Vec<u8> = rest
        .iter()
        .copied()
        .skip_while(|b| matches!(b, b'"' | b'\'' | b' '))
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':'))
        .collect();
    let encoding = Encoding::for_label(&label)?;
    (encoding != UTF_8 && encoding != UTF_16LE && encoding != UTF_16BE).then_some(encoding)
}

/// Where `needle` begins in `haystack`.
pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len().max(1)).position(|window| window == needle)
}

/// Reads a whole file, or `None` if it is larger than
/// [`WHOLE_FILE_BYTES_MAX`](limits::WHOLE_FILE_BYTES_MAX).
pub(super) fn read_whole(input: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = input.take(limits::WHOLE_FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok((read as u64 <= limits::WHOLE_FILE_BYTES_MAX).then_some(bytes))
}

/// A reader whose mark is gone and whose UTF-16, if it was that, has become UTF-8.
pub(super) fn utf8_reader<'a>(input: &'a mut dyn Read) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut reader = BufReader::with_capacity(limits::HEAD_BYTES, input);
    let head = reader.fill_buf()?;
    let encoding = marked_encoding(head);
    if encoding.is_none() || encoding == Some(UTF_8) {
        let mark = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        reader.consume(mark);
        return Ok(Box::new(reader));
    }
    let decoder = encoding.unwrap_or(UTF_8).new_decoder_with_bom_removal();
    Ok(Box::new(BufReader::new(Transcode {
        reader,
        decoder,
        ready: Vec::new(),
        at: 0,
        ended: false,
    })))
}

/// Turns another encoding into UTF-8 while reading.
struct Transcode<R> {
    reader: R,
    decoder: encoding_rs::Decoder,
    ready: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: BufRead> Read for Transcode<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.ready.len() && !self.ended {
            let source = self.reader.fill_buf()?;
            let last = source.is_empty();
            let needed =
                self.decoder.max_utf8_buffer_length(source.len()).unwrap_or(limits::HEAD_BYTES);
            self.ready.resize(needed.max(16), 0);
            let (_, read, written, _) = self.decoder.decode_to_utf8(source, &mut self.ready, last);
            self.ready.truncate(written);
            self.at = 0;
            self.ended = last;
            self.reader.consume(read);
        }
        let rest = self.ready.get(self.at..).unwrap_or_default();
        let count = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}
