//! What a person decided about what is done with what is theirs, beyond keeping it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Something that is done with what people keep, beyond keeping it and giving it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Noting what the person opened.
    Activity,
    /// Ranking their searches by meaning.
    Meaning,
    /// Offering them something to read.
    Recommendation,
    /// Finding others whose interests are near.
    Social,
    /// Counting how they read.
    Analytics,
    /// Giving texts to a language model of somebody else.
    Llm,
}

impl Purpose {
    /// Every one, and the word for it in stores and answers.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Activity, "activity"),
        (Self::Meaning, "meaning"),
        (Self::Recommendation, "recommendation"),
        (Self::Social, "social"),
        (Self::Analytics, "analytics"),
        (Self::Llm, "llm"),
    ];
    /// Those somebody may object to, one by one.
    pub const OPEN_TO_OBJECTION: [Self; 4] =
        [Self::Recommendation, Self::Social, Self::Analytics, Self::Llm];

    /// The word for it in stores and answers.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(purpose, _)| *purpose == self).map_or("", |(_, name)| name)
    }

    /// The purpose of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(purpose, _)| *purpose)
    }

    /// Whether it is off until somebody agrees to it.
    pub fn needs_consent(self) -> bool {
        matches!(self, Self::Social | Self::Analytics | Self::Llm)
    }
}

/// What a person decided. Nobody decided anything at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Whether what is theirs is kept, and nothing else is done with it.
    pub restricted: bool,
    /// What they objected to.
    pub objected: BTreeSet<Purpose>,
    /// What they agreed to, and did not take back.
    pub consented: BTreeSet<Purpose>,
}

/// Stands for a restriction among the words of [`Choices`].
const RESTRICTED: &str = "restricted";

impl Choices {
    /// Whether `purpose` may be served.
    pub fn allow(&self, purpose: Purpose) -> bool {
        let agreed = !purpose.needs_consent() || self.consented.contains(&purpose);
        !self.restricted && agreed && !self.objected.contains(&purpose)
    }

    /// The choices that [`fmt::Display`] wrote. Of a word nobody knows the careful meaning is
    /// taken: what may be an objection of a later program is none here, and no consent either.
    pub fn read(text: &str) -> Self {
        let mut choices = Self::default();
        for word in text.split_whitespace() {
            if word == RESTRICTED {
                choices.restricted = true;
            } else if let Some(purpose) = word.strip_prefix('-').and_then(Purpose::named) {
                choices.objected.insert(purpose);
            } else if let Some(purpose) = word.strip_prefix('+').and_then(Purpose::named) {
                choices.consented.insert(purpose);
            }
        }
        choices
    }
}

impl fmt::Display for Choices {
    /// Words with a space between: `restricted`, `-` before what was objected to, `+` before what
    /// was agreed to.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let restricted = self.restricted.then(|| RESTRICTED.to_owned());
        let objected = self.objected.iter().map(|purpose| format!("-{}", purpose.name()));
        let consented = self.consented.iter().map(|purpose| format!("+{}", purpose.name()));
        let words: Vec<String> = restricted.into_iter().chain(objected).chain(consented).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_consent_is_off_and_the_rest_on_until_somebody_decides() {
        let nobody = Choices::default();
        let on: Vec<&str> = Purpose::ALL
            .iter()
            .filter(|(purpose, _)| nobody.allow(*purpose))
            .map(|(_, name)| *name)
            .collect();
        assert_eq!(on, ["activity", "meaning", "recommendation"]);
    }

    #[test]
    fn a_restriction_and_an_objection_beat_a_consent() {
        let mut choices = Choices { consented: [Purpose::Llm].into(), ..Choices::default() };
        assert!(choices.allow(Purpose::Llm));
        choices.objected.insert(Purpose::Llm);
        assert!(!choices.allow(Purpose::Llm));
        choices.objected.clear();
        choices.restricted = true;
        assert!(Purpose::ALL.iter().all(|(purpose, _)| !choices.allow(*purpose)));
    }

    #[test]
    fn what_is_written_is_read() {
        let choices = Choices {
            restricted: true,
            objected: [Purpose::Social].into(),
            consented: [Purpose::Llm, Purpose::Analytics].into(),
        };
        assert_eq!(choices.to_string(), "restricted -social +analytics +llm");
        assert_eq!(Choices::read(&choices.to_string()), choices);
        assert_eq!(Choices::read("unknown -unknown +"), Choices::default());
        assert_eq!(Choices::default().to_string(), "");
    }
}
