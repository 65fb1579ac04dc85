//! GraphQL over a WebSocket, by the subprotocol `graphql-transport-ws`.
//!
//! Who asks is said in the first message, or by the session of a page of ours, whose origin was
//! looked at; never in the address. Frames, messages, operations, waiting and silence are bounded.

use crate::Api;
use crate::caller;
use crate::graphql::asks::Who;
use crate::graphql::http::{Written, who};
use crate::graphql::seats::Taken;
use crate::graphql::session::{Close, Deed, OPERATIONS_MAX, Session};
use crate::graphql::{Asked, GRAPH, Gateway, errors};
use crate::limit;
use crate::problem::Problem;
use crate::sockets::Open;
use crate::wire::Answer;
use async_graphql::parser::types::OperationType;
use async_graphql::{Response as Told, ServerError, Value as GraphValue};
use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::header::{AUTHORIZATION, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Request};
use axum::response::IntoResponse;
use futures::stream::{AbortHandle, Abortable, BoxStream, SelectAll};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use shelf_domain::rate::Cost;
use shelf_domain::refusal::{Code, Refused};
use shelf_identity::{Address, Asker};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// The subprotocol that is spoken.
const PROTOCOL: &str = "graphql-transport-ws";
/// Largest message, bytes.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// How long it may take until it is said who asks.
const INIT_MAX: Duration = Duration::from_secs(10);
/// How often the other side is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(30);
/// After so many of these without a word the socket is closed.
const SILENT_MAX: u32 = 2;
/// How long the other side may take to take a message.
const SEND_MAX: Duration = Duration::from_secs(10);
/// How long a socket that is closed is held, so that the other side hears why.
const LINGER_MAX: Duration = Duration::from_secs(1);
/// The code of a message that is too large (RFC 6455).
const TOO_BIG: u16 = 1009;
/// What an operation costs besides what it asks.
const ITSELF: Cost = Cost::units(1);
/// Why a message that is no text closes the socket.
const BAD: &str = "Messages are text";

/// Opens a socket.
pub(crate) async fn opened(api: Api, gateway: Gateway, mut parts: Parts) -> Answer {
    let known = by_page(&mut parts, &api).await;
    let address = parts.extensions.get::<Address>().copied();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &api).await;
    let upgrade =
        upgrade.map_err(|rejection| Problem::of_status(rejection.into_response().status()))?;
    let upgrade = upgrade.protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        let detail = format!("this speaks {PROTOCOL}");
        return Err(Refused::new(Code::Invalid, "", detail).into());
    }
    let place = gateway.seats.opened_by(known.as_ref().map(|who| who.signed.person.id))?;
    let seat = gateway.seats.one();
    let seat = seat.ok_or_else(|| Refused::new(Code::SlowDown, "", "too many sockets are open"))?;
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX);
    let mut open = api.sockets.one();
    Ok(upgrade.on_upgrade(move |socket| async move {
        let (who, session, taken) = (known, Session::new(), place);
        let talk = Talk { api, gateway, address, who, taken, session, begun: 0 };
        talk.held(socket, &mut open).await;
        drop((seat, open));
    }))
}

/// Whom a socket speaks for by what it was opened with: a token, or the session of a page whose
/// browser said where that page is from.
pub(crate) async fn by_page(parts: &mut Parts, api: &Api) -> Option<Who> {
    let says = parts.headers.contains_key(AUTHORIZATION) || parts.headers.contains_key(ORIGIN);
    if says { who(parts, api).await.ok() } else { None }
}

/// What operations tell, each known by its number and id: answers, and then nothing more.
type Events = SelectAll<BoxStream<'static, (u64, String, Option<Told>)>>;

/// Ends an operation when it is dropped.
struct Ends {
    /// Its number: an id may be given again.
    number: u64,
    handle: AbortHandle,
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

/// One socket, as long as it is open.
struct Talk {
    api: Api,
    gateway: Gateway,
    address: Option<Address>,
    who: Option<Who>,
    /// Its place among the sockets of that person, known by what it was opened with at first.
    taken: Option<Taken>,
    session: Session<Ends>,
    /// How many operations were begun.
    begun: u64,
}

impl Talk {
    /// Goes on until one side has enough.
    async fn held(mut self, mut socket: WebSocket, open: &mut Open) {
        let mut events = Events::new();
        let init = sleep(INIT_MAX);
        tokio::pin!(init);
        let mut pings = interval(PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first one is at once.
        pings.tick().await;
        let mut silent = 0;
        loop {
            let told = tokio::select! {
                heard = socket.recv() => {
                    silent = 0;
                    match heard {
                        None | Some(Ok(Message::Close(_))) => return,
                        Some(Err(_)) => return over(&mut socket, TOO_BIG, "").await,
                        Some(Ok(Message::Text(text))) => self.heard(&text, &mut events).await,
                        Some(Ok(Message::Binary(_))) => Err(Close::BadMessage(BAD)),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
                    }
                }
                Some((number, id, told)) = events.next() => Ok(self.tell(number, &id, told)),
                () = &mut init, if !self.session.is_known() => Err(Close::InitTimeout),
                () = open.must_close() => Err(Close::Stopping),
                _ = pings.tick() => {
                    silent += 1;
                    if silent > SILENT_MAX {
                        Err(Close::Silent)
                    } else if sent(&mut socket, Message::Ping(bytes::Bytes::new())).await {
                        Ok(None)
                    } else {
                        return;
                    }
                }
            };
            match told {
                Ok(None) => {}
                Ok(Some(told)) => {
                    if !sent(&mut socket, Message::text(told)).await {
                        return;
                    }
                }
                Err(close) => {
                    let (code, reason) = close.frame();
                    return over(&mut socket, code, &reason).await;
                }
            }
        }
    }

    /// What to say about `text`.
    async fn heard(&mut self, text: &str, events: &mut Events) -> Result<Option<String>, Close> {
        let told = match self.session.hear(text)? {
            Deed::Nothing => return Ok(None),
            Deed::Tell(told) => told,
            Deed::Admit(payload) => {
                self.admit(&payload).await?;
                self.session.admitted()
            }
            Deed::Begin(id, asked) => return self.begin(id, asked, events).await,
            Deed::Refuse(id) => {
                let detail = format!("a socket has at most {OPERATIONS_MAX} operations");
                let refused = Refused::new(Code::SlowDown, "", detail);
                failed(&id, &[errors::of_request(refused.into())])
            }
            Deed::End(id) => {
                self.session.ended(&id);
                return Ok(None);
            }
        };
        Ok(Some(told.to_string()))
    }

    /// Finds out who asks: by the token they say, or what the socket was opened with.
    async fn admit(&mut self, payload: &Value) -> Result<(), Close> {
        if let Some(token) = token_in(payload) {
            let bearer = HeaderValue::try_from(format!("Bearer {token}"));
            let (mut parts, ()) = Request::new(()).into_parts();
            parts.headers.insert(AUTHORIZATION, bearer.map_err(|_| Close::Forbidden)?);
            let who = who(&mut parts, &self.api).await.map_err(|_| Close::Forbidden)?;
            self.who = Some(Who { address: self.address, ..who });
        }
        let Some(who) = &self.who else { return Err(Close::Forbidden) };
        self.taken = self.gateway.seats.said_by(self.taken.take(), who.signed.person.id);
        if self.taken.is_some() { Ok(()) } else { Err(Close::TooManySockets) }
    }

    /// Begins an operation, for whom the socket speaks now.
    async fn begin(
        &mut self,
        id: String,
        asked: Asked,
        events: &mut Events,
    ) -> Result<Option<String>, Close> {
        let Some(who) = self.who.clone() else { return Err(Close::Unauthorized) };
        let signed = match caller::still(&who.headers, &self.api).await {
            Ok(signed) => signed,
            Err(problem) if problem.status.is_server_error() => {
                return Ok(Some(failed(&id, &[errors::of_request(problem)]).to_string()));
            }
            Err(_) => return Err(Close::Unauthorized),
        };
        // As by HTTP: itself costs one, and what its fields ask as it is asked.
        let admitted = self.api.throttle.admit(Asker::Signed(&signed), who.address, ITSELF).await;
        if let Err(dry) = admitted {
            let error = errors::of_request(limit::dried(&dry));
            return Ok(Some(failed(&id, &[error]).to_string()));
        }
        let who = Who { signed, ..who };
        let prepared = match self.gateway.prepared(&who, asked) {
            Ok(prepared) => prepared,
            Err(error) => {
                let mut errors = [error];
                errors::coded(&mut errors);
                return Ok(Some(failed(&id, &errors).to_string()));
            }
        };
        let asks = self.gateway.asks(&self.api, who);
        let lasts = prepared.ty == OperationType::Subscription;
        let asks = Arc::new(if lasts { asks.lasting() } else { asks });
        let answers = GRAPH.execute_stream(prepared.with(&asks));
        let (handle, registration) = AbortHandle::new_pair();
        self.begun += 1;
        let (number, named) = (self.begun, id.clone());
        let told = Abortable::new(answers, registration).map(Some);
        let told = told.chain(stream::once(async { None }));
        events.push(told.map(move |told| (number, named.clone(), told)).boxed());
        self.session.begun(id, Ends { number, handle });
        Ok(None)
    }

    /// How it is told what the operation `id` answers, or that it is over; nothing of one that
    /// was ended before.
    fn tell(&mut self, number: u64, id: &str, told: Option<Told>) -> Option<String> {
        if self.session.running(id).is_none_or(|ends| ends.number != number) {
            return None;
        }
        let Some(mut answer) = told else {
            self.session.ended(id);
            return Some(json!({ "type": "complete", "id": id }).to_string());
        };
        errors::coded(&mut answer.errors);
        if answer.data == GraphValue::Null && !answer.errors.is_empty() {
            // There is nothing to it but that, and nothing follows.
            self.session.ended(id);
            return Some(failed(id, &answer.errors).to_string());
        }
        let written = serde_json::to_value(Written::of(&answer, None)).unwrap_or_default();
        Some(json!({ "type": "next", "id": id, "payload": written }).to_string())
    }
}

/// The token that the first message brings.
fn token_in(payload: &Value) -> Option<String> {
    let said = ["authorization", "Authorization"].into_iter().find_map(|name| payload.get(name));
    if let Some(said) = said.and_then(Value::as_str) {
        let (scheme, token) = said.trim().split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned());
    }
    payload.get("token").and_then(Value::as_str).map(str::to_owned)
}

/// Says that the operation `id` was not begun.
fn failed(id: &str, errors: &[ServerError]) -> Value {
    json!({ "type": "error", "id": id, "payload": errors })
}

/// Sends a message; whether the other side takes it.
pub(crate) async fn sent(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(SEND_MAX, socket.send(message)).await, Ok(Ok(())))
}

/// Closes a socket, and lets the other side hear why before it is gone.
pub(crate) async fn over(socket: &mut WebSocket, code: u16, reason: &str) {
    let frame = CloseFrame { code, reason: reason.into() };
    if !sent(socket, Message::Close(Some(frame))).await {
        return;
    }
    let rest = async { while let Some(Ok(_)) = socket.recv().await {} };
    let heard = timeout(LINGER_MAX, rest).await;
    if code == TOO_BIG {
        // Nothing more can be read of it: all that can be done is to wait.
        sleep(LINGER_MAX).await;
    }
    tracing::debug!(code, heard = heard.is_ok(), "a socket was closed");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_said_as_in_a_header_or_by_itself() {
        let said = |payload: Value| token_in(&payload);
        assert_eq!(said(json!({ "authorization": "Bearer abc" })).unwrap(), "abc");
        assert_eq!(said(json!({ "Authorization": "bearer  abc" })).unwrap(), "abc");
        assert_eq!(said(json!({ "token": "abc" })).unwrap(), "abc");
        assert_eq!(said(json!({ "authorization": "Basic abc" })), None);
        assert_eq!(said(json!({})), None);
        assert_eq!(said(Value::Null), None);
    }
}
