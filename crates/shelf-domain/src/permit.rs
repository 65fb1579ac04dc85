//! What a grant may be used for: permits, which programs know as scopes, and the libraries they
//! reach.
//!
//! A permit never gives a right; it only takes away from what the person may do.

use crate::id::LibraryId;
use crate::refusal::{Code, Refused};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Most libraries a grant may be limited to.
pub const LIBRARIES_MAX: usize = 50;

/// One thing a grant may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permit {
    /// Read, search and export what is in libraries.
    BookmarksRead,
    /// Change what is in libraries, and push as a device.
    BookmarksWrite,
    /// See what the person opened.
    ActivityRead,
    /// Note what they open, forget it, and switch that off.
    ActivityWrite,
    /// See what may act for the person: tokens, sessions, devices.
    AccountRead,
    /// Make and end those, and rename the person.
    AccountWrite,
    /// See tenants, their members, groups and invitations, and who may use which library.
    SharingRead,
    /// Change that; also make and rename libraries.
    SharingWrite,
    /// Read and check the audit log of tenants the person governs.
    AuditRead,
    /// See endpoints of webhooks and what was delivered to them.
    WebhooksRead,
    /// Add, change and remove endpoints, which are told what happens in a library.
    WebhooksWrite,
    /// See tenants, what they use and their plans, and give plans, where the person runs the server.
    Admin,
}

impl Permit {
    /// Every one, in the order they are shown.
    pub const ALL: [Self; 12] = [
        Self::BookmarksRead,
        Self::BookmarksWrite,
        Self::ActivityRead,
        Self::ActivityWrite,
        Self::AccountRead,
        Self::AccountWrite,
        Self::SharingRead,
        Self::SharingWrite,
        Self::AuditRead,
        Self::WebhooksRead,
        Self::WebhooksWrite,
        Self::Admin,
    ];

    /// The word for it in stores, requests and answers; it never changes.
    pub fn name(self) -> &'static str {
        self.text().0
    }

    /// What it lets a program do, as one says it to a person.
    pub fn sentence(self) -> &'static str {
        self.text().1
    }

    fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::BookmarksRead => ("bookmarks:read", "Read, search and export bookmarks"),
            Self::BookmarksWrite => ("bookmarks:write", "Save, change and remove bookmarks"),
            Self::ActivityRead => ("activity:read", "See what you opened"),
            Self::ActivityWrite => ("activity:write", "Note what you open, and forget it"),
            Self::AccountRead => ("account:read", "See your keys, sessions and devices"),
            Self::AccountWrite => ("account:write", "Make and end keys and sessions, rename you"),
            Self::SharingRead => ("sharing:read", "See teams and who may use which library"),
            Self::SharingWrite => ("sharing:write", "Change teams and who may use which library"),
            Self::AuditRead => ("audit:read", "Read the audit log of teams you govern"),
            Self::WebhooksRead => ("webhooks:read", "See webhooks and what was delivered"),
            Self::WebhooksWrite => ("webhooks:write", "Let programs be told what happens"),
            Self::Admin => {
                ("admin", "See what teams use and give them plans, where you run the server")
            }
        }
    }

    /// The permit of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permit| permit.name() == name)
    }

    /// Whether it is about what is in a library, so that naming libraries bounds it.
    pub fn is_of_content(self) -> bool {
        matches!(self, Self::BookmarksRead | Self::BookmarksWrite)
    }

    fn bit(self) -> u16 {
        1 << (self as u16)
    }
}

impl fmt::Display for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of permits. [`Permits::EVERY`] also holds those that are yet to come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Option<String>", into = "Option<String>")]
pub struct Permits(u16);

impl Permits {
    /// All there are and all there will be: what sessions have, and tokens that were not limited.
    pub const EVERY: Self = Self(u16::MAX);
    /// None.
    pub const NONE: Self = Self(0);

    /// Whether `permit` is among them.
    pub fn has(self, permit: Permit) -> bool {
        self.0 & permit.bit() != 0
    }

    /// Whether all of `others` are among them.
    pub fn hold(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Those that are among `others`, too.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them that is known.
    pub fn each(self) -> impl Iterator<Item = Permit> {
        Permit::ALL.into_iter().filter(move |permit| self.has(*permit))
    }

    /// Reads words with spaces between them; refused at `scope` where one is no permit.
    pub fn read(words: &str) -> Result<Self, Refused> {
        Self::of_words(words.split_ascii_whitespace(), "scope")
    }

    /// The permits of `words`; refused at `at` where one is none.
    pub fn of_words<'a>(
        words: impl IntoIterator<Item = &'a str>,
        at: &str,
    ) -> Result<Self, Refused> {
        words.into_iter().try_fold(Self::NONE, |all, word| {
            if let Some(permit) = Permit::named(word) {
                return Ok(Self(all.0 | permit.bit()));
            }
            let known = Permit::ALL.map(Permit::name).join(", ");
            let shown: String = word.chars().take(40).collect();
            Err(Refused::invalid(at, format!("{shown:?} is no scope; there are {known}")))
        })
    }
}

impl Default for Permits {
    /// Every one: what nobody limited.
    fn default() -> Self {
        Self::EVERY
    }
}

impl FromIterator<Permit> for Permits {
    fn from_iter<I: IntoIterator<Item = Permit>>(permits: I) -> Self {
        Self(permits.into_iter().fold(0, |all, permit| all | permit.bit()))
    }
}

impl From<Permits> for Option<String> {
    /// The words with spaces between them; nothing for every permit.
    fn from(permits: Permits) -> Self {
        (permits != Permits::EVERY).then(|| permits.to_string())
    }
}

impl TryFrom<Option<String>> for Permits {
    type Error = Refused;

    fn try_from(words: Option<String>) -> Result<Self, Refused> {
        words.map_or(Ok(Self::EVERY), |words| Self::read(&words))
    }
}

impl fmt::Display for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        for permit in self.each() {
            write!(f, "{gap}{permit}")?;
            gap = " ";
        }
        Ok(())
    }
}

impl fmt::Debug for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::EVERY => f.write_str("Permits(every)"),
            some => write!(f, "Permits({some})"),
        }
    }
}

/// What a grant may be used for, and in which libraries. By default: all the person may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// For what.
    #[serde(default)]
    pub permits: Permits,
    /// In which libraries alone; nothing for all the person may use.
    #[serde(default)]
    pub libraries: Option<BTreeSet<LibraryId>>,
}

impl Allowance {
    /// Whether `library` is among them.
    pub fn reach(&self, library: LibraryId) -> bool {
        self.libraries.as_ref().is_none_or(|libraries| libraries.contains(&library))
    }

    /// Refuses an allowance that would not hold: whoever may use some libraries alone could otherwise
    /// make something that may use all of them.
    pub fn check(&self) -> Result<(), Refused> {
        if self.permits.is_empty() {
            return Err(Refused::invalid("scopes", "name at least one scope"));
        }
        let Some(libraries) = &self.libraries else { return Ok(()) };
        if libraries.is_empty() || libraries.len() > LIBRARIES_MAX {
            let detail = format!("name 1 to {LIBRARIES_MAX} libraries, or none to reach all");
            return Err(Refused::invalid("libraries", detail));
        }
        if self.permits == Permits::EVERY || !self.permits.each().all(Permit::is_of_content) {
            let detail = "some libraries alone go with bookmarks:read and bookmarks:write alone";
            return Err(Refused::invalid("scopes", detail));
        }
        Ok(())
    }

    /// The libraries as a store keeps them: ids with spaces between them.
    pub fn libraries_text(&self) -> Option<String> {
        let ids = |libraries: &BTreeSet<LibraryId>| {
            libraries.iter().map(LibraryId::to_string).collect::<Vec<_>>().join(" ")
        };
        self.libraries.as_ref().map(ids)
    }

    /// What a store kept; nothing where it is damaged.
    pub fn kept(permits: Option<&str>, libraries: Option<&str>) -> Option<Self> {
        let permits = permits.map_or(Ok(Permits::EVERY), Permits::read).ok()?;
        let read = |text: &str| {
            let ids = text.split_ascii_whitespace().map(|id| id.parse::<LibraryId>().ok());
            ids.collect::<Option<BTreeSet<_>>>()
        };
        let libraries = match libraries {
            Some(text) => Some(read(text)?),
            None => None,
        };
        Some(Self { permits, libraries })
    }
}

/// Refuses a caller whose permits do not hold `wanted`.
pub fn must_hold(held: Permits, wanted: Permits) -> Result<(), Refused> {
    if held.hold(wanted) {
        return Ok(());
    }
    let detail = if wanted == Permits::EVERY {
        "this takes a token that is not limited".to_owned()
    } else {
        format!("this takes the scope {wanted}")
    };
    Err(Refused::new(Code::InsufficientScope, "", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_leads_back_and_no_permit_is_another() {
        let mut all = Permits::NONE;
        for permit in Permit::ALL {
            assert_eq!(Permit::named(permit.name()), Some(permit));
            assert!(!all.has(permit), "{permit}");
            all = Permits(all.0 | permit.bit());
        }
        assert_eq!(all.each().count(), Permit::ALL.len());
        assert_ne!(all, Permits::EVERY, "what is named today is not what will be");
        assert!(Permits::EVERY.hold(all) && !all.hold(Permits::EVERY));
    }

    #[test]
    fn what_is_kept_is_read_again_and_damage_is_no_permit() {
        let libraries = [3, 4].map(|byte| LibraryId::from_bytes([byte; 16])).into();
        for permits in ["bookmarks:read", "bookmarks:read bookmarks:write"] {
            let permits = Permits::read(permits).unwrap();
            let allows = Allowance { permits, libraries: Some(BTreeSet::clone(&libraries)) };
            let words: Option<String> = permits.into();
            let kept = Allowance::kept(words.as_deref(), allows.libraries_text().as_deref());
            assert_eq!(kept, Some(allows));
        }
        assert_eq!(Allowance::kept(None, None), Some(Allowance::default()));
        assert_eq!(Allowance::kept(Some("bookmarks:eat"), None), None);
        assert_eq!(Allowance::kept(None, Some("no-id")), None);
        assert_eq!(Allowance::kept(Some(""), None).unwrap().permits, Permits::NONE);
    }

    #[test]
    fn some_libraries_go_with_what_is_in_libraries_alone() {
        let libraries = || Some(BTreeSet::from([LibraryId::from_bytes([1; 16])]));
        let check = |words: &str, libraries| {
            Allowance { permits: Permits::read(words).unwrap(), libraries }.check()
        };
        assert!(check("bookmarks:read bookmarks:write", libraries()).is_ok());
        for words in ["account:read", "bookmarks:read sharing:write", "activity:write"] {
            assert_eq!(check(words, libraries()).unwrap_err().at, "scopes", "{words}");
            assert!(check(words, None).is_ok());
        }
        let every = Allowance { permits: Permits::EVERY, libraries: libraries() };
        assert_eq!(every.check().unwrap_err().at, "scopes");
        assert_eq!(check("bookmarks:read", Some(BTreeSet::new())).unwrap_err().at, "libraries");
        assert_eq!(check("", None).unwrap_err().at, "scopes");
    }
}
