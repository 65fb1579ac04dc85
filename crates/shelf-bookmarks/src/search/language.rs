//! Which language a text is in, and its stems: by script, then by small words, then by trigrams.

use super::words::Word;
use rust_stemmers::{Algorithm, Stemmer};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// A language with stems of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Language(u8);

/// Code, stemmer and the small words that give the language away (and that say nothing else).
struct Entry {
    code: &'static str,
    algorithm: Algorithm,
    small: &'static str,
}

const fn entry(code: &'static str, algorithm: Algorithm, small: &'static str) -> Entry {
    Entry { code, algorithm, small }
}

static ENTRIES: [Entry; 18] = [
    entry(
        "en",
        Algorithm::English,
        "a an and are as at be been but by can do does for from had has have how i if in into is it its not of on or s so such t than that the their then there these they this to was we were what when where which who why will with would you your about all also any my our me",
    ),
    entry(
        "de",
        Algorithm::German,
        "der die das und ist ein eine einer eines einem einen fur mit von im zu zum zur auf nicht sich des dem den auch als wie bei oder wir ich sie aus nach uber werden wird sind",
    ),
    entry(
        "fr",
        Algorithm::French,
        "le la les des un une et est pour dans sur avec par du au aux en que qui ne pas ce cette ces son sa ses vous nous ou plus sont de l d",
    ),
    entry(
        "es",
        Algorithm::Spanish,
        "el la los las un una y es para en con por del al que de se su sus como mas pero este esta lo no son",
    ),
    entry(
        "it",
        Algorithm::Italian,
        "il lo la gli le un una e di per con del della dei delle che in da sono come piu non al alla si nel",
    ),
    entry(
        "pt",
        Algorithm::Portuguese,
        "o os as um uma e de para com por do da dos das que em no na nos nas se mais como nao ao seu sua",
    ),
    entry(
        "nl",
        Algorithm::Dutch,
        "de het een en van voor met op te dat die zijn aan niet ook bij als naar door om wordt deze je",
    ),
    entry(
        "sv",
        Algorithm::Swedish,
        "och att det som en ett av for pa med ar den till inte om har de kan eller fran",
    ),
    entry(
        "da",
        Algorithm::Danish,
        "og at det som en et af for pa med er den til ikke om har de kan eller fra der",
    ),
    entry(
        "no",
        Algorithm::Norwegian,
        "og det som en et av for pa med er den til ikke om har de kan eller fra a",
    ),
    entry("fi", Algorithm::Finnish, "ja on ei se etta joka tai kun mita ovat myos mutta kuin sen"),
    entry("hu", Algorithm::Hungarian, "az es egy hogy nem is van meg ez azt mint vagy csak"),
    entry(
        "ro",
        Algorithm::Romanian,
        "si in de la cu pe un o este pentru din care nu sau mai ca al",
    ),
    entry("tr", Algorithm::Turkish, "ve bir bu icin ile da de ne gibi daha olarak en cok"),
    entry("ru", Algorithm::Russian, "и в не на что с по как это для из от или к о за"),
    entry("el", Algorithm::Greek, "και το η ο για να με σε του της των που από απο είναι ειναι"),
    entry("ar", Algorithm::Arabic, "في من على إلى هذا أن التي الذي عن مع"),
    entry("ta", Algorithm::Tamil, "ஒரு மற்றும் இந்த என்று"),
];

/// Word to the languages it is a small word of, one bit each.
static SMALL: LazyLock<HashMap<&'static str, u32>> = LazyLock::new(|| {
    let mut small = HashMap::new();
    for (bit, entry) in ENTRIES.iter().enumerate() {
        for word in entry.small.split(' ') {
            *small.entry(word).or_insert(0) |= 1 << bit;
        }
    }
    small
});

impl Language {
    /// The language assumed where nothing says otherwise.
    pub const ENGLISH: Self = Self(0);

    /// Its two-letter code.
    pub fn code(self) -> &'static str {
        self.entry().code
    }

    /// The language of a two-letter code.
    pub fn of_code(code: &str) -> Option<Self> {
        let at = ENTRIES.iter().position(|entry| entry.code == code)?;
        u8::try_from(at).ok().map(Self)
    }

    fn entry(self) -> &'static Entry {
        ENTRIES.get(usize::from(self.0)).unwrap_or(&ENTRIES[0])
    }

    /// A stemmer of this language.
    pub fn stemmer(self) -> Stems {
        Stems { language: self, inner: Stemmer::create(self.entry().algorithm) }
    }

    /// Guesses the language of `text`, whose words are `words`.
    pub fn of_text(text: &str, words: &[Word]) -> Self {
        if !text.is_ascii()
            && let Some(language) = by_script(text)
        {
            return language;
        }
        let mut votes = [0_u16; ENTRIES.len()];
        for word in words.iter().take(200) {
            let Some(mask) = SMALL.get(word.text.as_str()) else { continue };
            for (bit, count) in votes.iter_mut().enumerate() {
                *count += u16::from(mask & (1 << bit) != 0);
            }
        }
        let english = votes[0];
        let best = (1_u8..).zip(&votes[1..]).max_by_key(|(at, count)| (**count, u8::MAX - at));
        match best {
            Some((at, &count)) if count >= 2 && count > english => Self(at),
            _ if english == 0 && !text.is_ascii() && text.len() >= 40 => by_trigrams(text),
            _ => Self::ENGLISH,
        }
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Whether the folded `word` is a small word of `language` or of English.
pub fn is_small(word: &str, languages: &[Language]) -> bool {
    SMALL.get(word).is_some_and(|mask| {
        mask & 1 != 0 || languages.iter().any(|language| mask & (1 << language.0) != 0)
    })
}

fn by_script(text: &str) -> Option<Language> {
    let mut counts = [0_usize; 5];
    for letter in text.chars().take(400) {
        let at = match letter {
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' => 0,
            '\u{400}'..='\u{4ff}' => 1,
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => 2,
            '\u{600}'..='\u{6ff}' => 3,
            '\u{b80}'..='\u{bff}' => 4,
            _ => continue,
        };
        counts[at] += 1;
    }
    let other =
        ["ru", "el", "ar", "ta"].into_iter().zip(&counts[1..]).max_by_key(|(_, count)| **count);
    other.filter(|(_, count)| **count > counts[0] / 2).and_then(|(code, _)| Language::of_code(code))
}

fn by_trigrams(text: &str) -> Language {
    use whatlang::Lang;
    let Some(info) = whatlang::detect(text).filter(whatlang::Info::is_reliable) else {
        return Language::ENGLISH;
    };
    let code = match info.lang() {
        Lang::Deu => "de",
        Lang::Fra => "fr",
        Lang::Spa => "es",
        Lang::Ita => "it",
        Lang::Por => "pt",
        Lang::Nld => "nl",
        Lang::Swe => "sv",
        Lang::Dan => "da",
        Lang::Nob => "no",
        Lang::Fin => "fi",
        Lang::Hun => "hu",
        Lang::Ron => "ro",
        Lang::Tur => "tr",
        _ => "en",
    };
    Language::of_code(code).unwrap_or(Language::ENGLISH)
}

/// Stems of one language.
pub struct Stems {
    language: Language,
    inner: Stemmer,
}

impl Stems {
    /// The stem of the folded `word`; identifiers and short words are their own.
    pub fn stem<'w>(&self, word: &'w str) -> Cow<'w, str> {
        let plain = word.len() > 2 && word.chars().all(char::is_alphabetic);
        if plain { self.inner.stem(word) } else { Cow::Borrowed(word) }
    }
}

impl fmt::Debug for Stems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stems({:?})", self.language)
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    #[test]
    fn languages_are_told_by_script_small_words_and_trigrams() {
        for (text, code) in [
            ("A fast vector database written in Rust", "en"),
            ("Tokio", "en"),
            ("Ein Werkzeug für die Verwaltung von Lesezeichen", "de"),
            ("Un gestionnaire de signets pour les équipes", "fr"),
            ("Быстрая база данных на Rust", "ru"),
            ("机器学习 入門", "en"),
        ] {
            assert_eq!(Language::of_text(text, &words(text, 100)).code(), code, "{text}");
        }
    }

    #[test]
    fn stems_join_forms_and_spare_identifiers() {
        let english = Language::ENGLISH.stemmer();
        assert_eq!(english.stem("databases"), english.stem("database"));
        assert_eq!(english.stem("c++"), "c++");
        assert_eq!(english.stem("node.js"), "node.js");
    }
}
