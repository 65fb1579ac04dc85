//! Reads JSON arrays of objects, one element in memory at a time, by the names of the members.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use serde_json::Value;
use std::io::{self, BufRead};

use super::column::{Column, Row, meaning};
use super::detect::Format;
use super::json::{Event, Events};
use super::limits;
use super::out::Out;
use super::text::decode_utf8_or_1252;

/// Reads an array from a stream.
pub(super) fn read(input: &mut dyn BufRead, format: Format, out: &mut Out<'_>) -> io::Result<()> {
    let mut scan = Scan::default();
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            break;
        }
        let used = chunk.len();
        for byte in chunk {
            if scan.step(*byte) {
                read_element(&scan, format, out);
                scan.clear();
            }
            if scan.state == State::After || out.is_stopped() {
                return Ok(());
            }
        }
        input.consume(used);
    }
    if scan.state == State::Inside {
        scan.rows += 1;
        out.refuse(scan.rows, "", "", "the file ends in the middle of this row; export it again");
    } else {
        out.notice("the file ends before its list does; rows may be missing, export it again");
    }
    Ok(())
}

/// Reads the array that is the member `bookmarks` of the outermost object.
pub(super) fn read_member(bytes: &[u8], format: Format, out: &mut Out<'_>) -> io::Result<()> {
    let mut events = Events::new(bytes);
    let mut start = None;
    let _object = events.next_event();
    while let Ok(Some(Event::Key(name))) = events.next_event() {
        if name == "bookmarks" {
            start = Some(events.position());
            break;
        }
        if events.skip_value().is_err() {
            break;
        }
    }
    let rest = start.and_then(|start| bytes.get(start..)).unwrap_or_default();
    let is_list = rest.iter().find(|b| !b.is_ascii_whitespace() && **b != b':') == Some(&b'[');
    if !is_list {
        out.notice("the file names no list of bookmarks");
        return Ok(());
    }
    read(&mut &*rest, format, out)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Before,
    Between,
    Inside,
    After,
}

/// Finds where the elements of an array begin and end.
#[derive(Debug, Default)]
struct Scan {
    state: State,
    depth: usize,
    is_text: bool,
    is_escaped: bool,
    element: Vec<u8>,
    bytes: usize,
    rows: u64,
}

impl Scan {
    /// Takes one byte in; says whether an element is complete.
    fn step(&mut self, byte: u8) -> bool {
        match self.state {
            State::After => return false,
            State::Before => {
                if byte == b'[' {
                    self.state = State::Between;
                }
                return false;
            }
            State::Between if byte == b']' => {
                self.state = State::After;
                return false;
            }
            State::Between if byte.is_ascii_whitespace() || byte == b',' => return false,
            State::Between => self.state = State::Inside,
            State::Inside => {}
        }
        // A bare element ends with what follows it.
        let is_end_of_bare = self.depth == 0 && !self.is_text && self.bytes > 0;
        if is_end_of_bare && (byte == b',' || byte == b']') {
            self.state = if byte == b']' { State::After } else { State::Between };
            self.rows += 1;
            return true;
        }
        self.push(byte);
        if self.is_text {
            self.step_text(byte);
        } else {
            match byte {
                b'"' => self.is_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => return false,
            }
        }
        let is_complete = self.depth == 0 && !self.is_text;
        if is_complete {
            self.state = State::Between;
            self.rows += 1;
        }
        is_complete
    }

    fn step_text(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = true,
            b'"' => self.is_text = false,
            _ => {}
        }
    }

    fn push(&mut self, byte: u8) {
        self.bytes += 1;
        if self.bytes <= limits::ROW_BYTES_MAX {
            self.element.push(byte);
        }
    }

    fn clear(&mut self) {
        self.element.clear();
        self.bytes = 0;
        self.depth = 0;
    }
}

fn read_element(scan: &Scan, format: Format, out: &mut Out<'_>) {
    if scan.bytes > limits::ROW_BYTES_MAX {
        let (bytes, most) = (scan.bytes, limits::ROW_BYTES_MAX);
        out.refuse(scan.rows, "", "", format!("the row has {bytes} bytes; {most} are allowed"));
        return;
    }
    let text = decode_utf8_or_1252(&scan.element);
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(members)) => {
            let mut row = Row::new(scan.rows, format);
            for (name, value) in &members {
                take(&mut row, meaning(name, format), name, value);
            }
            row.finish(out);
        }
        Ok(_) => out.refuse(scan.rows, "", "", "the row is no JSON object"),
        Err(error) => out.refuse(scan.rows, "", "", format!("the row is no valid JSON: {error}")),
    }
}

fn take(row: &mut Row, column: Column, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(text) => row.take(column, name, text),
        Value::Array(items) if column == Column::Tags => {
            row.tags(items.iter().filter_map(tag_name));
        }
        Value::Array(items) if items.is_empty() => {}
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            row.take(column, name, &value.to_string());
        }
    }
}

/// A tag is a text, or an object with a name.
fn tag_name(value: &Value) -> Option<String> {
    let name = value.as_str().or_else(|| {
        ["name", "label", "title"].iter().find_map(|key| value.get(key).and_then(Value::as_str))
    });
    name.map(str::to_owned)
}
