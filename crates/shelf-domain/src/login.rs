//! The name somebody signs in with: shown as typed, compared without regard to case and composition.

use crate::canon::folded;
use crate::refusal::Refused;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest login name, in characters.
pub const LOGIN_CHARS_MAX: usize = 100;

/// A login name: 1 to [`LOGIN_CHARS_MAX`] characters, none of them a control character.
///
/// Two of them are equal when their folded forms are; what is shown is what was typed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LoginName {
    shown: String,
    folded: String,
}

impl LoginName {
    /// Reads what was typed, without the spaces around it; refused at `login` where it is none.
    pub fn read(typed: &str) -> Result<Self, Refused> {
        let shown = typed.trim();
        if shown.is_empty() || shown.chars().count() > LOGIN_CHARS_MAX {
            let detail = format!("a login name has 1 to {LOGIN_CHARS_MAX} characters");
            return Err(Refused::invalid("login", detail));
        }
        if shown.chars().any(char::is_control) {
            return Err(Refused::invalid("login", "a login name has no control characters"));
        }
        Ok(Self { shown: shown.to_owned(), folded: folded(shown) })
    }

    /// As it was typed.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// As it is compared and looked up.
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

impl TryFrom<String> for LoginName {
    type Error = Refused;

    fn try_from(typed: String) -> Result<Self, Refused> {
        Self::read(&typed)
    }
}

impl From<LoginName> for String {
    fn from(name: LoginName) -> Self {
        name.shown
    }
}

impl PartialEq for LoginName {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for LoginName {}

impl fmt::Debug for LoginName {
    /// Nothing of it: it may be an address of mail.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginName(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_however_it_is_written() {
        let ada = LoginName::read(" Ad\u{e4} Lovelace ").unwrap();
        assert_eq!(ada.shown(), "Ad\u{e4} Lovelace");
        for same in ["ad\u{e4} lovelace", "AD\u{c4} LOVELACE", "Ada\u{308} Lovelace"] {
            assert_eq!(LoginName::read(same).unwrap(), ada, "{same:?}");
        }
        assert_ne!(LoginName::read("Ada Lovelace").unwrap(), ada);
    }

    #[test]
    fn what_nobody_could_type_again_is_no_name() {
        for typed in ["", "  ", "a\u{0}b", "a\nb", &"x".repeat(LOGIN_CHARS_MAX + 1)] {
            assert_eq!(LoginName::read(typed).unwrap_err().at, "login", "{typed:?}");
        }
        assert!(LoginName::read(&"\u{e4}".repeat(LOGIN_CHARS_MAX)).is_ok());
        assert!(!format!("{:?}", LoginName::read("ada").unwrap()).contains("ada"));
    }
}
