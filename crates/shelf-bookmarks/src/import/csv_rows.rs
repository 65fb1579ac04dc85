//! Reads CSV by the names in its header: ours, Pocket, Raindrop, Instapaper, Readwise, any other.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

use std::io::BufRead;

use super::column::{Column, Row, meaning, normal};
use super::detect::{Format, Refusal};
use super::limits;
use super::out::Out;
use super::text::{decode_utf8_or_1252, without_nul};
use crate::export::csv::HEADER as OWN_HEADER;

/// Most columns a header may have.
const COLUMNS_MAX: usize = 1_000;

/// Whether a column of that name holds addresses.
pub(super) fn is_address_column(name: &str) -> bool {
    meaning(name, Format::Csv) == Column::Url
}

/// Tells which program wrote a CSV that begins with `text`.
pub(super) fn detect(text: &str) -> Result<Format, Refusal> {
    let line = text.lines().next().unwrap_or_default();
    let names = header_names(line.as_bytes(), delimiter(line));
    let has = |name: &str| names.iter().any(|n| n == name);
    if !names.iter().any(|name| is_address_column(name)) {
        let shown = super::out::echo(line.trim());
        return Err(Refusal::new(format!(
            "the first line, \"{shown}\", is no header that names a url column"
        )));
    }
    if names.iter().map(String::as_str).eq(OWN_HEADER) {
        return Ok(Format::MindshelfCsv);
    }
    if has("time_added") && has("status") {
        return Ok(Format::PocketCsv);
    }
    if has("selection") && has("folder") {
        return Ok(Format::InstapaperCsv);
    }
    if has("document_tags") || (has("saved_date") && has("location")) {
        return Ok(Format::ReadwiseCsv);
    }
    if has("folder") && has("created") && (has("cover") || has("highlights") || has("excerpt")) {
        return Ok(Format::RaindropCsv);
    }
    Ok(Format::Csv)
}

fn header_names(line: &[u8], delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(line);
    let mut record = csv::ByteRecord::new();
    if !reader.read_byte_record(&mut record).unwrap_or(false) {
        return Vec::new();
    }
    record.iter().take(COLUMNS_MAX).map(|name| normal(&decode_utf8_or_1252(name))).collect()
}

/// The separator that occurs most often in the header.
fn delimiter(line: &str) -> u8 {
    let count = |wanted: u8| line.bytes().filter(|b| *b == wanted).count();
    let candidates = [b',', b';', b'\t'];
    let mut best = b',';
    for candidate in candidates {
        if count(candidate) > count(best) {
            best = candidate;
        }
    }
    best
}

/// Reads a file row by row; the row number is that of the record, without the header.
pub(super) fn read(
    mut input: Box<dyn BufRead + '_>,
    format: Format,
    out: &mut Out<'_>,
) -> std::io::Result<()> {
    let head = input.fill_buf()?;
    let line = head.split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
    let delimiter = delimiter(&decode_utf8_or_1252(line));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(input);
    let mut record = csv::ByteRecord::new();
    let mut columns: Vec<(Column, String)> = Vec::new();
    let mut row = 0;
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                if let csv::ErrorKind::Io(source) = error.into_kind() {
                    return Err(source);
                }
                row += 1;
                out.refuse(row, "", "", "the record is damaged");
                continue;
            }
        }
        if columns.is_empty() {
            columns = record
                .iter()
                .take(COLUMNS_MAX)
                .map(|name| decode_utf8_or_1252(name).into_owned())
                .map(|name| (meaning(&name, format), name))
                .collect();
            continue;
        }
        row += 1;
        read_record(&record, &columns, Row::new(row, format), out);
        if out.is_stopped() {
            return Ok(());
        }
    }
}

fn read_record(
    record: &csv::ByteRecord,
    columns: &[(Column, String)],
    mut row: Row,
    out: &mut Out<'_>,
) {
    let bytes: usize = record.iter().map(<[u8]>::len).sum();
    if bytes > limits::ROW_BYTES_MAX {
        let most = limits::ROW_BYTES_MAX;
        let reason = format!(
            "the record has {bytes} bytes, {most} are allowed; perhaps a quote before it is not closed"
        );
        out.refuse(row.entry.row, "", "", reason);
        return;
    }
    for (value, (column, name)) in record.iter().zip(columns) {
        let value = without_nul(decode_utf8_or_1252(value));
        row.take(*column, name, &value);
    }
    if record.len() > columns.len() {
        let extra = record.iter().skip(columns.len()).map(|v| decode_utf8_or_1252(v).into_owned());
        let extra = extra.filter(|value| !value.is_empty()).collect::<Vec<_>>().join(",");
        row.take(Column::Other, "more_columns", &extra);
    }
    row.finish(out);
}
