//! How documents become Tantivy's: the schema, and a tokenizer for terms that are cut already.

use shelf_ports::search::{SearchDoc, Space};
use std::fmt::Write;
use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, IndexRecordOption, Schema, SchemaBuilder, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Name of the number column.
pub(super) const NUMBER: &str = "number";
/// Name of the column of creation times.
pub(super) const CREATED: &str = "created";
/// Name of the column of lengths.
pub(super) const LENGTH: &str = "length";
/// Name of the column of flags.
pub(super) const FLAGS: &str = "flags";
/// Name of the column of the item's first half.
pub(super) const ITEM_HIGH: &str = "item_high";
/// Name of the column of the item's second half.
pub(super) const ITEM_LOW: &str = "item_low";
/// Name of the column of labels.
pub(super) const LABELS: &str = "labels";

/// Where everything of a document is kept.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub(super) schema: Schema,
    pub(super) library: Field,
    pub(super) key: Field,
    stem: Field,
    word: Field,
    address: Field,
    number: Field,
    created: Field,
    length: Field,
    flags: Field,
    item_high: Field,
    item_low: Field,
    labels: Field,
}

impl Fields {
    pub(super) fn new() -> Self {
        let mut builder = SchemaBuilder::new();
        let text = |tokenizer: &str, kept: IndexRecordOption| {
            let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer);
            let indexing = indexing.set_index_option(kept).set_fieldnorms(false);
            TextOptions::default().set_indexing_options(indexing)
        };
        let library = builder.add_text_field("library", text("raw", IndexRecordOption::Basic));
        let key = builder.add_text_field("key", text("raw", IndexRecordOption::Basic));
        let stem = builder.add_text_field("stem", text("counted", IndexRecordOption::WithFreqs));
        let word = builder
            .add_text_field("word", text("placed", IndexRecordOption::WithFreqsAndPositions));
        let address = builder.add_text_field("address", text("counted", IndexRecordOption::Basic));
        let number = builder.add_u64_field(NUMBER, FAST);
        let created = builder.add_i64_field(CREATED, FAST);
        let length = builder.add_u64_field(LENGTH, FAST);
        let flags = builder.add_u64_field(FLAGS, FAST);
        let item_high = builder.add_u64_field(ITEM_HIGH, FAST);
        let item_low = builder.add_u64_field(ITEM_LOW, FAST);
        let labels = builder.add_text_field(LABELS, TextOptions::default().set_fast("raw"));
        let schema = builder.build();
        Self {
            schema,
            library,
            key,
            stem,
            word,
            address,
            number,
            created,
            length,
            flags,
            item_high,
            item_low,
            labels,
        }
    }

    /// The field of one kind of term.
    pub(super) fn of(&self, space: Space) -> Field {
        match space {
            Space::Stem => self.stem,
            Space::Word => self.word,
            Space::Address => self.address,
        }
    }

    /// Tantivy's form of `doc` in the library whose terms begin with `prefix`.
    pub(super) fn document(&self, prefix: &str, doc: &SearchDoc) -> TantivyDocument {
        let mut made = TantivyDocument::new();
        made.add_text(self.library, prefix);
        made.add_text(self.key, key(prefix, doc.number));
        made.add_text(
            self.stem,
            lines(prefix, doc.stems.iter().map(|(stem, weight)| (stem, *weight))),
        );
        made.add_text(
            self.word,
            lines(prefix, doc.words.iter().map(|(place, word)| (word, *place))),
        );
        made.add_text(self.address, lines(prefix, doc.address.iter().map(|word| (word, 1))));
        made.add_u64(self.number, u64::from(doc.number));
        made.add_i64(self.created, doc.created_at_ms);
        made.add_u64(self.length, u64::from(doc.length));
        made.add_u64(self.flags, u64::from(doc.flags.bits()));
        let item = u128::from_be_bytes(doc.item.to_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of 128 bits")]
        {
            made.add_u64(self.item_high, (item >> 64) as u64);
            made.add_u64(self.item_low, item as u64);
        }
        for label in &doc.labels {
            made.add_text(self.labels, label);
        }
        made
    }
}

/// The term that a document is deleted by.
pub(super) fn key(prefix: &str, number: u32) -> String {
    format!("{prefix}{number:x}")
}

/// Terms with their numbers as one text for [`Cut`]: a line each, after a line with the prefix.
fn lines<'a>(prefix: &str, terms: impl Iterator<Item = (&'a String, u32)>) -> String {
    let mut text = String::with_capacity(512);
    text.push_str(prefix);
    for (term, number) in terms {
        text.push('\n');
        text.push_str(term);
        // Writing to a String cannot fail.
        let _infallible = write!(text, "\t{number}");
    }
    text
}

/// Reads what [`lines`] wrote.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    /// Whether the number of a line is a place, and not a count of repetitions.
    pub(super) placed: bool,
}

impl Tokenizer for Cut {
    type TokenStream<'a> = CutStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> CutStream<'a> {
        let (prefix, rest) = text.split_once('\n').unwrap_or((text, ""));
        let token = Token { position: 0, ..Token::default() };
        CutStream { prefix, rest, placed: self.placed, again: 0, token }
    }
}

/// The terms of one document.
#[derive(Debug)]
pub(super) struct CutStream<'a> {
    prefix: &'a str,
    rest: &'a str,
    placed: bool,
    again: usize,
    token: Token,
}

impl TokenStream for CutStream<'_> {
    fn advance(&mut self) -> bool {
        if self.again > 0 {
            self.again -= 1;
            return true;
        }
        if self.rest.is_empty() {
            return false;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        let (term, number) = line.rsplit_once('\t').unwrap_or((line, "1"));
        let number: usize = number.parse().unwrap_or(1);
        self.token.text.clear();
        self.token.text.push_str(self.prefix);
        self.token.text.push_str(term);
        if self.placed {
            self.token.position = number;
        } else {
            self.again = number.saturating_sub(1);
        }
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
