//! Turns a bookmark's texts into what the index keeps: weighted stems, words in order, labels.

use super::address::Address;
use super::fold::fold_name;
use super::language::{Language, Stems};
use super::words::{Kind, Word, words};
use shelf_domain::id::ItemId;
use shelf_ports::search::{BookmarkText, DOC_TERMS_MAX, Flags, SearchDoc};

/// Changes whenever the analysis does; an index made by another version is rebuilt.
pub const ANALYSIS_VERSION: u32 = 3;

/// Words between two fields, so that no phrase runs across.
const FIELD_GAP: u32 = 32;
/// How much of the notes the meaning is taken from, in bytes.
const MEANING_NOTES_BYTES: usize = 2_000;

/// Sites that are home to pages about anything: their names tell nothing of what a page means.
const HOMES: [&str; 12] = [
    "github",
    "gitlab",
    "bitbucket",
    "codeberg",
    "sourceforge",
    "medium",
    "substack",
    "wordpress",
    "blogspot",
    "youtube",
    "reddit",
    "wikipedia",
];

/// How much one word of each field counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldWeights {
    /// Of the title.
    pub title: u32,
    /// Of a tag's name.
    pub tags: u32,
    /// Of host and path.
    pub address: u32,
    /// Of the description.
    pub description: u32,
    /// Of the notes.
    pub notes: u32,
    /// Of a folder's name.
    pub folders: u32,
}

impl FieldWeights {
    /// Set by hand, never swept; how well they do is in `docs/QUALITY.md`.
    pub const CHOSEN: Self =
        Self { title: 4, tags: 3, address: 1, description: 2, notes: 2, folders: 1 };
}

/// Analyses bookmarks; keeps its stemmers between them.
#[derive(Debug)]
pub struct Analyser {
    weights: FieldWeights,
    stems: Vec<(Language, Stems)>,
}

impl Default for Analyser {
    fn default() -> Self {
        Self::new(FieldWeights::CHOSEN)
    }
}

impl Analyser {
    /// An analyser that counts fields by `weights`.
    pub fn new(weights: FieldWeights) -> Self {
        Self { weights, stems: Vec::new() }
    }

    /// What the index keeps of a bookmark; the vector is not set.
    pub fn document(&mut self, number: u32, item: ItemId, text: &BookmarkText) -> SearchDoc {
        let address = Address::read(&text.url);
        let fields = self.fields(text, &address);
        let speaking = fields.iter().filter(|field| field.speaks).flat_map(|field| &field.words);
        let sample: Vec<Word> = speaking.take(100).cloned().collect();
        let prose = [text.title.as_str(), text.description.as_str()].join(" ");
        let language = Language::of_text(&prose, &sample);
        let stemmer = self.stems_of(language);
        let mut stems: Vec<(String, u32)> = Vec::new();
        let mut in_order = Vec::new();
        let mut start = 0;
        for field in fields {
            let mut last = 0;
            for word in field.words {
                last = word.position;
                let stem = match word.kind {
                    Kind::Plain | Kind::Part => stemmer.stem(&word.text).into_owned(),
                    Kind::Compound | Kind::Sign | Kind::Pair => word.text.clone(),
                };
                stems.push((stem, field.weight));
                in_order.push((start + word.position, word.text));
            }
            start += last + FIELD_GAP;
        }
        in_order.truncate(DOC_TERMS_MAX);
        let (stems, length) = merged(stems);
        SearchDoc {
            number,
            item,
            created_at_ms: text.created_at_ms,
            stems,
            words: in_order,
            length,
            labels: labels(text, &address, language),
            address: address.all,
            flags: text.flags.with(Flags::when(text.tags.is_empty(), Flags::UNTAGGED)),
            vector: None,
        }
    }

    fn fields(&self, text: &BookmarkText, address: &Address) -> Vec<Field> {
        let w = self.weights;
        let folders = text.folders.iter().flatten().map(|folder| folder.name.as_str());
        let mut folders: Vec<&str> = folders.collect();
        folders.sort_unstable();
        folders.dedup();
        let tags = text.tags.iter().map(String::as_str).collect::<Vec<_>>().join(" / ");
        vec![
            Field::of(&text.title, w.title, true),
            Field::of(&text.description, w.description, true),
            Field::of(&text.notes, w.notes, true),
            Field::of(&tags, w.tags, false),
            Field::of(&address.words.join(" "), w.address, false),
            Field::of(&folders.join(" / "), w.folders, false),
            // Others speak here, perhaps in another language.
            Field::of(&text.comments, w.notes, false),
        ]
    }

    fn stems_of(&mut self, language: Language) -> &Stems {
        let at = self.stems.iter().position(|(known, _)| *known == language).unwrap_or_else(|| {
            self.stems.push((language, language.stemmer()));
            self.stems.len() - 1
        });
        &self.stems[at].1
    }
}

struct Field {
    words: Vec<Word>,
    weight: u32,
    /// Whether it is prose that tells the language.
    speaks: bool,
}

impl Field {
    fn of(text: &str, weight: u32, speaks: bool) -> Self {
        Self { words: words(text, DOC_TERMS_MAX), weight, speaks }
    }
}

/// Each stem once with its summed weight, and the sum of all.
fn merged(mut stems: Vec<(String, u32)>) -> (Vec<(String, u32)>, u32) {
    stems.sort_unstable();
    let length = stems.iter().map(|(_, weight)| *weight).sum();
    stems.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    stems.truncate(DOC_TERMS_MAX);
    (stems, length)
}

fn labels(text: &BookmarkText, address: &Address, language: Language) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    labels.push(format!("lang:{}", language.code()));
    labels.extend(text.tags.iter().map(|tag| format!("tag:{}", fold_name(tag))));
    if !address.site.is_empty() {
        labels.push(format!("site:{}", address.site));
        // A name without a dot may be a host or a suffix, so it is kept as both.
        let wider = address.hosts().filter(|host| *host != address.site || !host.contains('.'));
        labels.extend(wider.map(|host| format!("host:{host}")));
    }
    for way in &text.folders {
        let mut path = String::new();
        for folder in way {
            let name = fold_name(&folder.name);
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&name);
            labels.push(format!("in:{name}"));
            labels.push(format!("in:{path}"));
            labels.push(format!("in:{}", folder.id));
        }
        let names: Vec<&str> = way.iter().map(|folder| folder.name.as_str()).collect();
        labels.push(format!("folder:{}", names.join("/")));
    }
    labels.sort_unstable();
    labels.dedup();
    labels
}

/// What a model should read to know what the bookmark is about. A model's vector is near the mean of
/// the words it reads, so what counts more is said more often: most of all the description and the
/// names somebody filed it under, then the address, whose words speak where titles are names. The
/// repetitions come last: a model that reads only so much has then read everything once.
pub fn meaning_text(text: &BookmarkText) -> String {
    let folders = text.folders.iter().flatten().map(|folder| folder.name.as_str());
    let mut filed: Vec<&str> = text.tags.iter().map(String::as_str).chain(folders).collect();
    filed.sort_unstable();
    filed.dedup();
    let filed = filed.join("\n");
    let mut address = Address::read(&text.url).words;
    address.retain(|word| !HOMES.contains(&word.as_str()));
    let address = address.join(" ");
    let notes = text.notes.char_indices().take_while(|(at, _)| *at < MEANING_NOTES_BYTES);
    let notes: String = notes.map(|(_, letter)| letter).collect();
    let (title, description) = (text.title.as_str(), text.description.as_str());
    let once = [title, &address, &filed, description, &notes];
    let again = [&address, &filed, &filed, description, description];
    [once, again].concat().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> BookmarkText {
        BookmarkText {
            url: "https://tokio.rs/tutorial".into(),
            title: "Tokio: async runtimes".into(),
            description: "An asynchronous runtime for the language".into(),
            tags: vec!["Rust Lang".into()],
            ..BookmarkText::default()
        }
    }

    #[test]
    fn a_word_counts_by_its_field_and_forms_count_together() {
        let doc = Analyser::default().document(7, ItemId::from_bytes([1; 16]), &sample());
        let weight =
            |stem: &str| doc.stems.iter().find(|(known, _)| known == stem).map(|(_, w)| *w);
        let w = FieldWeights::CHOSEN;
        assert_eq!(weight("runtim"), Some(w.title + w.description));
        assert_eq!(weight("tokio"), Some(w.title + w.address));
        assert_eq!(doc.length, doc.stems.iter().map(|(_, weight)| weight).sum::<u32>());
        for label in ["tag:rust lang", "site:tokio.rs", "host:rs", "lang:en"] {
            assert!(doc.labels.contains(&label.to_owned()), "{label}");
        }
        assert!(doc.words.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }

    #[test]
    fn a_meaning_is_taken_from_all_that_is_known_and_less_from_where_it_lives() {
        let url = "https://github.com/tokio-rs/tokio".into();
        let about = meaning_text(&BookmarkText { url, ..sample() });
        assert!(about.starts_with("Tokio: async runtimes\ntokio rs tokio\nRust Lang\nAn async"));
        assert!(about.ends_with("for the language"), "{about}");
        let notes = "é".repeat(MEANING_NOTES_BYTES);
        let about = meaning_text(&BookmarkText { notes, ..BookmarkText::default() });
        assert_eq!(about.trim().len(), MEANING_NOTES_BYTES, "notes without end");
    }

    #[test]
    fn a_bookmark_without_tags_is_flagged_so() {
        let mut text = sample();
        text.tags.clear();
        let doc = Analyser::default().document(7, ItemId::from_bytes([1; 16]), &text);
        assert!(doc.flags.has(Flags::UNTAGGED));
    }
}
