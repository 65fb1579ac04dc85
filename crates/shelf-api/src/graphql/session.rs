//! What a client may say on a socket of `graphql-transport-ws`, and when: a state machine without
//! sockets, which `socket.rs` drives.

use crate::graphql::Asked;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Most operations that are under way on one socket.
pub(crate) const OPERATIONS_MAX: usize = 20;
/// Longest id of an operation, bytes.
const ID_BYTES_MAX: usize = 256;

/// Why a socket is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Close {
    /// What was sent is none of the protocol's messages.
    BadMessage(&'static str),
    /// Something was asked before it was said who asks.
    Unauthorized,
    /// Whoever was said opens nothing.
    Forbidden,
    /// It was not said in time who asks.
    InitTimeout,
    /// The id of an operation is in use.
    Taken(String),
    /// It was said twice who asks.
    TooManyInits,
    /// Whoever asks has as many sockets as they may.
    TooManySockets,
    /// Nothing was heard for long.
    Silent,
    /// What there is to tell is too much for them.
    Slow,
    /// The process stops.
    Stopping,
}

impl Close {
    /// The code and the reason of the frame; a reason has at most 123 bytes.
    pub(crate) fn frame(&self) -> (u16, String) {
        match self {
            Self::BadMessage(what) => (4400, (*what).to_owned()),
            Self::Unauthorized => (4401, "Unauthorized".to_owned()),
            Self::Forbidden => (4403, "Forbidden".to_owned()),
            Self::InitTimeout => (4408, "Connection initialisation timeout".to_owned()),
            Self::Taken(id) => {
                let id: String = id.chars().filter(char::is_ascii).take(64).collect();
                (4409, format!("Subscriber for {id} already exists"))
            }
            Self::TooManyInits => (4429, "Too many initialisation requests".to_owned()),
            // Try again later (registered after RFC 6455).
            Self::TooManySockets => (1013, "Too many sockets are open".to_owned()),
            Self::Slow => (1013, "Pull what there is, and come back".to_owned()),
            // Going away (RFC 6455).
            Self::Stopping => (1001, "This server stops; come back".to_owned()),
            Self::Silent => (4408, "Nothing was heard for too long".to_owned()),
        }
    }
}

/// A message of a client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    ConnectionInit { payload: Option<Value> },
    Ping { payload: Option<Value> },
    Pong {},
    Subscribe { id: String, payload: Payload },
    Complete { id: String },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Map<String, Value>>,
    extensions: Option<Map<String, Value>>,
}

/// What is to be done about a message.
#[derive(Debug)]
pub(crate) enum Deed {
    /// Nothing.
    Nothing,
    /// Tell the client this.
    Tell(Value),
    /// Find out who asks, by what they say of themselves; then [`Session::admitted`].
    Admit(Value),
    /// Begin an operation.
    Begin(String, Asked),
    /// Refuse an operation: too many are under way.
    Refuse(String),
    /// End an operation.
    End(String),
}

/// How far a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It was not said who asks.
    Opened,
    /// It is being found out.
    Asked,
    /// It is known.
    Known,
}

/// One socket's conversation. `T` is what ends an operation when it is dropped.
#[derive(Debug)]
pub(crate) struct Session<T> {
    stage: Stage,
    running: HashMap<String, T>,
}

impl<T> Session<T> {
    /// A socket that was just opened.
    pub(crate) fn new() -> Self {
        Self { stage: Stage::Opened, running: HashMap::new() }
    }

    /// Whether it is known who asks.
    pub(crate) fn is_known(&self) -> bool {
        self.stage == Stage::Known
    }

    /// What to do about `text`.
    pub(crate) fn hear(&mut self, text: &str) -> Result<Deed, Close> {
        let said: Said = serde_json::from_str(text)
            .map_err(|_| Close::BadMessage("This is no message of graphql-transport-ws"))?;
        match said {
            Said::ConnectionInit { payload } => {
                if self.stage != Stage::Opened {
                    return Err(Close::TooManyInits);
                }
                self.stage = Stage::Asked;
                Ok(Deed::Admit(payload.unwrap_or_default()))
            }
            Said::Ping { payload: Some(payload) } => {
                Ok(Deed::Tell(json!({ "type": "pong", "payload": payload })))
            }
            Said::Ping { payload: None } => Ok(Deed::Tell(json!({ "type": "pong" }))),
            Said::Pong {} => Ok(Deed::Nothing),
            Said::Subscribe { id, payload } => self.begin(id, payload),
            Said::Complete { id } => {
                Ok(if self.running.contains_key(&id) { Deed::End(id) } else { Deed::Nothing })
            }
        }
    }

    fn begin(&mut self, id: String, payload: Payload) -> Result<Deed, Close> {
        if !self.is_known() {
            return Err(Close::Unauthorized);
        }
        if id.is_empty() || id.len() > ID_BYTES_MAX {
            return Err(Close::BadMessage("An id has 1 to 256 bytes"));
        }
        if self.running.contains_key(&id) {
            return Err(Close::Taken(id));
        }
        if self.running.len() >= OPERATIONS_MAX {
            return Ok(Deed::Refuse(id));
        }
        let Payload { query, operation_name, variables, extensions } = payload;
        let (variables, extensions) =
            (variables.unwrap_or_default(), extensions.unwrap_or_default());
        Ok(Deed::Begin(id, Asked { query, operation_name, variables, extensions }))
    }

    /// It is known now who asks; the answer to tell.
    pub(crate) fn admitted(&mut self) -> Value {
        self.stage = Stage::Known;
        json!({ "type": "connection_ack" })
    }

    /// The operation `id` is under way, until `ends` is dropped.
    pub(crate) fn begun(&mut self, id: String, ends: T) {
        self.running.insert(id, ends);
    }

    /// What ends the operation `id`, while it is under way.
    pub(crate) fn running(&self, id: &str) -> Option<&T> {
        self.running.get(id)
    }

    /// The operation `id` is over; whether it was under way.
    pub(crate) fn ended(&mut self, id: &str) -> bool {
        self.running.remove(id).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INIT: &str = r#"{"type": "connection_init"}"#;

    fn subscribe(id: &str) -> String {
        json!({ "type": "subscribe", "id": id, "payload": { "query": "{ a }" } }).to_string()
    }

    fn known() -> Session<()> {
        let mut session = Session::new();
        assert!(matches!(session.hear(INIT), Ok(Deed::Admit(Value::Null))));
        session.admitted();
        session
    }

    fn code(heard: Result<Deed, Close>) -> u16 {
        heard.unwrap_err().frame().0
    }

    #[test]
    fn nothing_is_asked_before_it_is_known_who_asks_and_that_is_said_once() {
        let mut session = Session::<()>::new();
        assert_eq!(code(session.hear(&subscribe("1"))), 4401);
        let mut session = Session::<()>::new();
        session.hear(INIT).unwrap();
        assert_eq!(code(session.hear(&subscribe("1"))), 4401, "it is being found out");
        assert_eq!(code(session.hear(INIT)), 4429);
        assert_eq!(code(known().hear(INIT)), 4429);
    }

    #[test]
    fn what_is_no_message_closes_the_socket() {
        for text in [
            "",
            "{}",
            "[]",
            r#"{"type": "start", "id": "1", "payload": {}}"#,
            r#"{"type": "subscribe", "payload": {}}"#,
            r#"{"type": "subscribe", "id": "1", "payload": {"query": 5}}"#,
            r#"{"type": "subscribe", "id": "", "payload": {"query": "{ a }"}}"#,
        ] {
            assert_eq!(code(known().hear(text)), 4400, "{text}");
        }
        let long = "x".repeat(ID_BYTES_MAX + 1);
        assert_eq!(code(known().hear(&subscribe(&long))), 4400);
        let long = "x".repeat(ID_BYTES_MAX);
        assert!(known().hear(&subscribe(&long)).is_ok());
        assert!(Close::Taken(long).frame().1.len() <= 123);
    }

    #[test]
    fn an_id_is_of_one_operation_while_that_is_under_way_and_so_many_are() {
        let mut session = known();
        for number in 0..OPERATIONS_MAX {
            let id = number.to_string();
            assert!(matches!(session.hear(&subscribe(&id)), Ok(Deed::Begin(..))), "{id}");
            session.begun(id, ());
        }
        assert_eq!(code(session.hear(&subscribe("0"))), 4409);
        assert!(matches!(session.hear(&subscribe("more")), Ok(Deed::Refuse(_))));
        let complete = r#"{"type": "complete", "id": "0"}"#;
        assert!(matches!(session.hear(complete), Ok(Deed::End(id)) if id == "0"));
        assert!(session.ended("0") && !session.ended("0"));
        assert!(matches!(session.hear(complete), Ok(Deed::Nothing)));
        assert!(matches!(session.hear(&subscribe("0")), Ok(Deed::Begin(..))));
    }

    #[test]
    fn a_ping_is_answered_with_what_it_brings() {
        let mut session = Session::<()>::new();
        let told = session.hear(r#"{"type": "ping", "payload": {"n": 1}}"#).unwrap();
        assert!(matches!(told, Deed::Tell(told) if told["payload"]["n"] == 1));
        assert!(matches!(session.hear(r#"{"type": "pong"}"#), Ok(Deed::Nothing)));
    }
}
