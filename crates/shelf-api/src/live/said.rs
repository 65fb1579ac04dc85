//! What a client may say on a socket of `mindshelf.sync.v1`.

use super::presence::Spot;
use crate::body::parsed;
use crate::graphql::session::Close;
use crate::problem::Problem;
use crate::routes::sync::PushIn;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use shelf_domain::id::LibraryId;
use shelf_ports::presence::Doing;

/// Longest name of a push, bytes.
const ID_BYTES_MAX: usize = 64;
/// Longest token, and longest proof, bytes.
const TOKEN_BYTES_MAX: usize = 4_096;

/// One message of a client.
#[derive(Debug)]
pub(super) enum Said {
    /// Who asks: by this token, with a proof of the key it is bound to where it is; or by what the
    /// socket was opened with.
    Hello(Option<String>, Option<String>),
    /// Tell what comes after this cursor, or after the head.
    Follow(LibraryId, Option<String>),
    /// No more of it.
    Leave(LibraryId),
    /// They are there now, until they say otherwise, or nothing for a while.
    Here(Spot),
    /// They are not there any more.
    Away(LibraryId),
    /// What a device did, under the name its answer goes by; or what is wrong with it, and where.
    Push(String, LibraryId, Box<Result<PushIn, Problem>>),
    /// Are you there?
    Ping,
    /// I am.
    Pong,
}

/// Reads a message; what is none closes the socket.
pub(super) fn read(text: &str) -> Result<Said, Close> {
    let bad = || Close::BadMessage("This is no message of mindshelf.sync.v1");
    let mut fields: Map<String, Value> = serde_json::from_str(text).map_err(|_| bad())?;
    let kind: String = taken(&mut fields, "type").ok_or_else(bad)?;
    let said = match kind.as_str() {
        "hello" => {
            let token = optional(&mut fields, "token").ok_or_else(bad)?;
            Said::Hello(token, optional(&mut fields, "dpop").ok_or_else(bad)?)
        }
        "follow" => {
            let library = taken(&mut fields, "library").ok_or_else(bad)?;
            Said::Follow(library, optional(&mut fields, "cursor").ok_or_else(bad)?)
        }
        "leave" => Said::Leave(taken(&mut fields, "library").ok_or_else(bad)?),
        "here" => Said::Here(spot(&mut fields).ok_or_else(bad)?),
        "away" => Said::Away(taken(&mut fields, "library").ok_or_else(bad)?),
        "push" => {
            let id: String = taken(&mut fields, "id").ok_or_else(bad)?;
            let library = taken(&mut fields, "library").ok_or_else(bad)?;
            let rest = Value::Object(std::mem::take(&mut fields));
            // One that is none is refused like one that is posted: whoever sent it can mend it.
            Said::Push(id, library, Box::new(parsed(rest.to_string().as_bytes())))
        }
        "ping" => Said::Ping,
        "pong" => Said::Pong,
        _ => return Err(bad()),
    };
    let is_long = match &said {
        Said::Hello(token, proof) => {
            [token, proof].into_iter().flatten().any(|text| text.len() > TOKEN_BYTES_MAX)
        }
        Said::Push(id, ..) => id.len() > ID_BYTES_MAX,
        _ => false,
    };
    // What the server does not know is refused, not passed over.
    if is_long || !fields.is_empty() { Err(bad()) } else { Ok(said) }
}

/// Where somebody says they are.
fn spot(fields: &mut Map<String, Value>) -> Option<Spot> {
    let library = taken(fields, "library")?;
    let item = match optional(fields, "item")? {
        None => None,
        Some(text) => Some(text.parse().ok()?),
    };
    let doing = match optional(fields, "state")? {
        None => Doing::Reading,
        Some(name) => Doing::named(&name)?,
    };
    Some(Spot { library, item, doing })
}

/// What `name` says; `None` where it is not there or something else.
fn taken<T: DeserializeOwned>(fields: &mut Map<String, Value>, name: &str) -> Option<T> {
    serde_json::from_value(fields.remove(name)?).ok()
}

/// What `name` says, where it is there; `None` where it is something else.
fn optional(fields: &mut Map<String, Value>, name: &str) -> Option<Option<String>> {
    match fields.remove(name) {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(text)) => Some(Some(text)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARY: &str = "0193f0a0-0000-7000-8000-000000000000";

    #[test]
    fn each_message_is_read() {
        assert!(matches!(read(r#"{"type": "hello"}"#), Ok(Said::Hello(None, None))));
        let hello = read(r#"{"type": "hello", "token": "t"}"#);
        assert!(matches!(hello, Ok(Said::Hello(Some(token), None)) if token == "t"));
        let hello = read(r#"{"type": "hello", "token": "t", "dpop": "p"}"#);
        assert!(matches!(hello, Ok(Said::Hello(Some(_), Some(proof))) if proof == "p"));
        let follow = format!(r#"{{"type": "follow", "library": "{LIBRARY}", "cursor": "c"}}"#);
        assert!(matches!(read(&follow), Ok(Said::Follow(_, Some(cursor))) if cursor == "c"));
        let leave = format!(r#"{{"type": "leave", "library": "{LIBRARY}"}}"#);
        assert!(matches!(read(&leave), Ok(Said::Leave(_))));
        let here = format!(r#"{{"type": "here", "library": "{LIBRARY}"}}"#);
        assert!(matches!(
            read(&here),
            Ok(Said::Here(Spot { item: None, doing: Doing::Reading, .. }))
        ));
        let here = format!(
            r#"{{"type": "here", "library": "{LIBRARY}", "item": "{LIBRARY}",
                "state": "writing"}}"#
        );
        assert!(matches!(
            read(&here),
            Ok(Said::Here(Spot { item: Some(_), doing: Doing::Writing, .. }))
        ));
        let away = format!(r#"{{"type": "away", "library": "{LIBRARY}"}}"#);
        assert!(matches!(read(&away), Ok(Said::Away(_))));
        let push = format!(
            r#"{{"type": "push", "id": "a", "library": "{LIBRARY}", "device": "{LIBRARY}",
                "changes": []}}"#
        );
        let Ok(Said::Push(id, _, body)) = read(&push) else { panic!("this is a push") };
        assert!(id == "a" && (*body).is_ok_and(|body| body.changes() == 0));
        let none = format!(r#"{{"type": "push", "id": "a", "library": "{LIBRARY}"}}"#);
        let Ok(Said::Push(_, _, body)) = read(&none) else { panic!("it says which one") };
        assert!(body.is_err(), "and is refused by that name");
        assert!(matches!(read(r#"{"type": "ping"}"#), Ok(Said::Ping)));
        assert!(matches!(read(r#"{"type": "pong"}"#), Ok(Said::Pong)));
    }

    #[test]
    fn what_is_no_message_closes_the_socket() {
        let long = format!(r#"{{"type": "hello", "token": "{}"}}"#, "x".repeat(5_000));
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type": 5}"#,
            r#"{"type": "subscribe"}"#,
            r#"{"type": "hello", "token": 5}"#,
            r#"{"type": "hello", "more": 5}"#,
            r#"{"type": "hello", "token": "t", "dpop": 5}"#,
            r#"{"type": "follow"}"#,
            r#"{"type": "follow", "library": "none"}"#,
            r#"{"type": "here"}"#,
            r#"{"type": "here", "library": "0193f0a0-0000-7000-8000-000000000000", "item": "x"}"#,
            r#"{"type": "here", "library": "0193f0a0-0000-7000-8000-000000000000", "state": "x"}"#,
            r#"{"type": "here", "library": "0193f0a0-0000-7000-8000-000000000000", "name": "x"}"#,
            r#"{"type": "away"}"#,
            r#"{"type": "push", "id": "a", "device": "0193f0a0-0000-7000-8000-000000000000"}"#,
            &long,
        ] {
            assert_eq!(read(text).unwrap_err().frame().0, 4400, "{text}");
        }
    }
}
