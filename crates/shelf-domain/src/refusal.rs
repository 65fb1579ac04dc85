//! Answers that are not a yes: a closed list of codes, each with its sentence and its remedy.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why something was refused. Edges turn the code into their own answers through one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The input has the wrong shape or breaks a limit.
    Invalid,
    /// The caller is not signed in.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// There is no such thing, or none the caller may know of.
    NotFound,
    /// The address is saved already, in another bookmark.
    AlreadySaved,
    /// The item changed since the caller read it (`If-Match`).
    Stale,
    /// A folder cannot be put under itself.
    Cycle,
    /// The item was purged from the trash.
    Purged,
    /// The item lives in another library now.
    Moved,
    /// The device's counter skips a number.
    Gap,
    /// The device's counter was used before with another body.
    DeviceReused,
    /// The cursor is of an older epoch or below the floor: start from a snapshot.
    CursorExpired,
    /// The key was used before with another request.
    KeyReused,
    /// The same request is still being worked on.
    Busy,
    /// The body is larger than what is accepted.
    TooLarge,
    /// The format is not one that is read here.
    UnknownFormat,
    /// The write the caller wants to see has not been followed yet.
    NotYet,
    /// The token may not be used for this.
    InsufficientScope,
    /// A quota is used up.
    Quota,
    /// Too many requests.
    SlowDown,
    /// The store cannot take this now.
    Unavailable,
    /// There is no room left on the disk.
    NoRoom,
}

/// The texts of [`Code::NoRoom`].
const NO_ROOM: (&str, &str, &str) = (
    "no_room",
    "there is no room left on the server's disk",
    "make room there and send it again; what was answered before is safe",
);

/// The texts of [`Code::InsufficientScope`].
const INSUFFICIENT_SCOPE: (&str, &str, &str) = (
    "insufficient_scope",
    "this token may not be used for that",
    "use one with the scope that is named",
);

impl Code {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 22] = [
        Self::Invalid,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::AlreadySaved,
        Self::Stale,
        Self::Cycle,
        Self::Purged,
        Self::Moved,
        Self::Gap,
        Self::DeviceReused,
        Self::CursorExpired,
        Self::KeyReused,
        Self::Busy,
        Self::TooLarge,
        Self::UnknownFormat,
        Self::NotYet,
        Self::InsufficientScope,
        Self::Quota,
        Self::SlowDown,
        Self::Unavailable,
        Self::NoRoom,
    ];

    /// The stable name, as it stands in answers.
    pub fn name(self) -> &'static str {
        self.text().0
    }

    /// One sentence a person understands.
    pub fn sentence(self) -> &'static str {
        self.text().1
    }

    /// What the caller can do about it.
    pub fn remedy(self) -> &'static str {
        self.text().2
    }

    fn text(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Invalid => {
                ("invalid", "the input is not valid", "correct the named place and send it again")
            }
            Self::Unauthenticated => (
                "unauthenticated",
                "you are not signed in",
                "open a new sign-in link or send a token",
            ),
            Self::Forbidden => ("forbidden", "you may not do this", "ask the owner of the library"),
            Self::NotFound => {
                ("not_found", "there is no such thing", "check the address or the id")
            }
            Self::AlreadySaved => (
                "already_saved",
                "this address is saved already",
                "edit the bookmark that is named",
            ),
            Self::Stale => (
                "stale",
                "the item has changed since you read it",
                "read it again and repeat your change",
            ),
            Self::Cycle => {
                ("cycle", "a folder cannot be put under itself", "choose another folder")
            }
            Self::Purged => ("purged", "the item was removed for good", "save it as a new item"),
            Self::Moved => (
                "moved",
                "the item lives in another library now",
                "send the change to the library that is named",
            ),
            Self::Gap => {
                ("gap", "the device's counter skips a number", "push the missing changes first")
            }
            Self::DeviceReused => (
                "device_reused",
                "this counter was used for another change",
                "pair the device again",
            ),
            Self::CursorExpired => (
                "cursor_expired",
                "the cursor is too old",
                "start again from the beginning and keep your queue",
            ),
            Self::KeyReused => {
                ("key_reused", "this idempotency key was used for another request", "use a new key")
            }
            Self::Busy => {
                ("busy", "the same request is still being worked on", "wait and ask again")
            }
            Self::TooLarge => ("too_large", "the request is too large", "send it in parts"),
            Self::UnknownFormat => (
                "unknown_format",
                "the file is in no format that is read here",
                "export it as HTML, JSON Lines or CSV",
            ),
            Self::NotYet => {
                ("not_yet", "what you wait for is not followed yet", "ask again in a moment")
            }
            Self::InsufficientScope => INSUFFICIENT_SCOPE,
            Self::Quota => ("quota", "the quota is used up", "remove something or raise the quota"),
            Self::SlowDown => {
                ("slow_down", "too many requests", "wait as long as Retry-After says")
            }
            Self::Unavailable => {
                ("unavailable", "the store cannot take this now", "try again in a moment")
            }
            Self::NoRoom => NO_ROOM,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A refusal: an answer the caller can act on, never an engine's failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{code}: {detail}")]
pub struct Refused {
    /// Why.
    pub code: Code,
    /// The place in the input: a field, a row, an id; empty when it is the whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// What exactly, for people.
    pub detail: String,
}

impl Refused {
    /// A refusal with `code`, at the place `at`, saying `detail`.
    pub fn new(code: Code, at: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code, at: at.into(), detail: detail.into() }
    }

    /// The most common one: the value at `at` is not valid because of `detail`.
    pub fn invalid(at: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Code::Invalid, at, detail)
    }

    /// There is no `what` that the caller may know of.
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(Code::NotFound, "", format!("there is no {what}"))
    }
}
