//! Sync over a WebSocket, by the subprotocol `mindshelf.sync.v1`: what happens in libraries, told
//! as it happens, and pushes.
//!
//! Nothing is only here: whoever loses the socket pulls. Nothing waits here either: a library is read
//! once for all who follow it, and each socket is told of that what follows on from where the other
//! side has come, when it has taken what came before. A socket holds no queue.

mod said;
mod asking;
mod frame;
mod line;
mod sharing;
mod followed;
mod telling;
mod presence;
#[cfg(any(test, fuzzing))]
pub(crate) mod thrown;

use crate::Api;
use crate::costs::of_changes;
use crate::graphql::asks::Who;
use crate::graphql::seats::{Seats, Taken};
use crate::graphql::session::Close;
use crate::graphql::socket::{by_page, over, sent};
use crate::problem::Problem;
use crate::routes::sync::{PushIn, doors};
use crate::sockets::Open;
use crate::wire::Answer;
use asking::naming;
use axum::Extension;
use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::RETRY_AFTER;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::routing::get;
use followed::Followed;
use presence::Seated;
use said::Said;
use serde_json::{Value, json};
use sharing::Sharing;
use shelf_domain::id::{LibraryId, PersonId, Scope};
use shelf_domain::permit::{Permit, Permits};
use shelf_domain::rate::Cost;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Right;
use shelf_identity::{Address, Signed};
use shelf_ports::presence::SessionId;
use shelf_sync::PROTOCOL;
use std::sync::Arc;
use std::time::Duration;
use telling::all_sent;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

/// Where it is.
pub(crate) const ADDRESS: &str = "/v1/sync";
/// Largest message, bytes.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Room for what is read of a connection at once, bytes; all of it is in memory while it is open.
const READ_BYTES: usize = 1 << 10;
/// Most bytes that wait to be written: more than any one message.
const WRITE_BYTES_MAX: usize = 16 << 20;
/// How long it may take until it is said who asks.
const HELLO_MAX: Duration = Duration::from_secs(10);
/// How often the other side is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(30);
/// After so many of these without a word the socket is closed.
const SILENT_MAX: u32 = 2;
/// Most libraries one socket follows.
const LIBRARIES_MAX: usize = 50;
/// What a push costs besides its changes.
const PUSH: Cost = Cost::units(2);
/// What it costs to begin following, and to have rows read for one socket alone.
const FOLLOW: Cost = Cost::units(1);
/// Why a message that is no text closes the socket.
const BAD: &str = "Messages are text";

/// What all sockets of a process have in common. Cloning shares it.
#[derive(Clone, Debug)]
struct Live {
    api: Arc<Api>,
    seats: Seats,
    sharing: Sharing,
}

/// The route of this file.
pub(crate) fn routes(api: &Api) -> Router<Api> {
    let sharing = Sharing::new(doors(&api.stores), Arc::clone(&api.news));
    let seats = Seats::of_all(api.sockets.most());
    let live = Live { api: Arc::new(api.clone()), seats, sharing };
    Router::new().route(ADDRESS, get(opened)).layer(Extension(live))
}

/// Opens a socket.
async fn opened(Extension(live): Extension<Live>, request: Request) -> Answer {
    let Live { api, seats, sharing } = live;
    let (mut parts, _) = request.into_parts();
    let known = by_page(&mut parts, &api).await;
    let address = parts.extensions.get::<Address>().copied();
    let named = naming(&parts.headers);
    let upgrade = upgrade(&mut parts, &api).await?;
    let place = seats.opened_by(known.as_ref().map(|who| who.signed.person.id))?;
    let seat = seats.one();
    let seat = seat.ok_or_else(|| Refused::new(Code::SlowDown, "", "too many sockets are open"))?;
    let (now, mut open) = (Instant::now(), api.sockets.one());
    let seated = Seated::new(SessionId(api.stores.chance.seed()));
    let mut talk = Box::new(Talk {
        api,
        seats,
        sharing,
        address,
        named,
        who: known,
        place,
        taken: None,
        follows: Vec::new(),
        bell: Arc::default(),
        asks_at: now,
        wakes_at: now,
        seated,
    });
    Ok(upgrade.on_upgrade(move |socket| async move {
        talk.held(socket, &mut open).await;
        talk.seated.gone(&talk.api).await;
        drop((talk, seat, open));
    }))
}

async fn upgrade(parts: &mut Parts, api: &Api) -> Result<WebSocketUpgrade, Problem> {
    let upgrade = WebSocketUpgrade::from_request_parts(parts, api).await;
    let upgrade =
        upgrade.map_err(|rejection| Problem::of_status(rejection.into_response().status()))?;
    let upgrade = upgrade.protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return Err(Refused::new(Code::Invalid, "", format!("this speaks {PROTOCOL}")).into());
    }
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX);
    // What is sent is written at once, so that nothing has to be kept for it.
    let upgrade = upgrade.read_buffer_size(READ_BYTES).write_buffer_size(0);
    Ok(upgrade.max_write_buffer_size(WRITE_BYTES_MAX))
}

/// One socket, as long as it is open. There may be ten thousand of them: what is large and rare stands
/// in boxes, so that one that waits is small.
struct Talk {
    api: Arc<Api>,
    seats: Seats,
    sharing: Sharing,
    address: Option<Address>,
    /// How it was opened: what a proof has to name, until it was said who asks.
    named: HeaderMap,
    who: Option<Who>,
    /// Its place among the sockets of whom it was opened by, until they said hello.
    place: Option<Taken>,
    /// Its place among the sockets of that person; none, before they said hello.
    taken: Option<Taken>,
    follows: Vec<Followed>,
    /// Rung when there may be something to tell.
    bell: Arc<Notify>,
    /// When it is asked next whether the caller is signed in and may hear what is followed.
    asks_at: Instant,
    /// When it is looked again, at that time or before.
    wakes_at: Instant,
    /// Where the other side says it is.
    seated: Seated,
}

impl Talk {
    /// Goes on until one side has enough.
    async fn held(&mut self, mut socket: WebSocket, open: &mut Open) {
        let hello = sleep(HELLO_MAX);
        tokio::pin!(hello);
        let again = sleep_until(self.wakes_at);
        tokio::pin!(again);
        let mut pings = interval(PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut others = interval(presence::LOOK_EVERY);
        others.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first one is at once.
        pings.tick().await;
        let bell = Arc::clone(&self.bell);
        let mut silent = 0;
        let close = loop {
            if again.deadline() != self.wakes_at {
                again.as_mut().reset(self.wakes_at);
            }
            let told = tokio::select! {
                heard = socket.recv() => {
                    silent = 0;
                    match heard {
                        None | Some(Ok(Message::Close(_))) => return,
                        Some(Err(_)) => return Box::pin(over(&mut socket, 1009, "")).await,
                        Some(Ok(Message::Text(text))) => Box::pin(self.heard(&text)).await,
                        Some(Ok(Message::Binary(_))) => Err(Close::BadMessage(BAD)),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Vec::new()),
                    }
                }
                () = &mut hello, if self.taken.is_none() => Err(Close::InitTimeout),
                () = open.must_close() => Err(Close::Stopping),
                () = bell.notified(), if !self.follows.is_empty() => Ok(Vec::new()),
                () = &mut again, if self.taken.is_some() => Box::pin(self.again()).await,
                _ = others.tick(), if !self.seated.is_empty() => Box::pin(self.others()).await,
                _ = pings.tick() => {
                    silent += 1;
                    if silent > SILENT_MAX {
                        Err(Close::Silent)
                    } else if sent(&mut socket, Message::Ping(bytes::Bytes::new())).await {
                        Ok(Vec::new())
                    } else {
                        return;
                    }
                }
            };
            match told {
                Ok(told) => {
                    if !all_sent(&mut socket, &told).await {
                        return;
                    }
                }
                Err(close) => break close,
            }
            match self.tell(&mut socket).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(close) => break close,
            }
        };
        let (code, reason) = close.frame();
        Box::pin(over(&mut socket, code, &reason)).await;
    }

    /// What to say about `text`.
    async fn heard(&mut self, text: &str) -> Result<Vec<Value>, Close> {
        let told = match said::read(text)? {
            Said::Hello(token, proof) => self.hello(token.as_deref(), proof.as_deref()).await?,
            Said::Ping => json!({ "type": "pong" }),
            Said::Pong => return Ok(Vec::new()),
            _ if self.taken.is_none() => return Err(Close::Unauthorized),
            Said::Follow(library, cursor) => match self.follow(library, cursor).await? {
                Ok(told) => told,
                Err(problem) => refused("library", &library.to_string(), &problem),
            },
            Said::Leave(library) => {
                self.leave(library);
                return Ok(Vec::new());
            }
            Said::Here(spot) => match self.here(spot).await? {
                Ok(()) => return Ok(Vec::new()),
                Err(problem) => refused("library", &spot.library.to_string(), &problem),
            },
            Said::Away(library) => {
                self.away(library).await;
                return Ok(Vec::new());
            }
            Said::Push(id, library, body) => match self.push(library, *body).await? {
                Ok(mut told) => {
                    told["type"] = "answers".into();
                    told["id"] = id.into();
                    told
                }
                Err(problem) => refused("id", &id, &problem),
            },
        };
        Ok(vec![told])
    }

    /// Begins to follow a library, or again from another cursor.
    async fn follow(
        &mut self,
        library: LibraryId,
        cursor: Option<String>,
    ) -> Result<Result<Value, Problem>, Close> {
        let when = Instant::now();
        let signed = match self.signed().await? {
            Ok(signed) => signed,
            Err(problem) => return Ok(Err(problem)),
        };
        let told = self.followed(&signed, library, cursor).await;
        if told.is_ok() {
            self.may(library, when);
        }
        Ok(told)
    }

    async fn followed(
        &mut self,
        signed: &Signed,
        library: LibraryId,
        cursor: Option<String>,
    ) -> Result<Value, Problem> {
        let admitted = self.admitted(signed, FOLLOW).await?;
        let reached = self.reached(signed, library, Permit::BookmarksRead).await;
        let scope = reached.as_ref().ok().map(|(scope, _)| *scope);
        let told = match reached {
            Ok((scope, _)) => self.begun(scope, cursor).await,
            Err(problem) => Err(problem),
        };
        self.settled(admitted, scope, &told).await;
        told
    }

    /// Begins to follow the library `scope`.
    async fn begun(&mut self, scope: Scope, cursor: Option<String>) -> Result<Value, Problem> {
        let library = scope.library;
        let is_other = self.follows.iter().all(|one| one.library() != library);
        if is_other && self.follows.len() >= LIBRARIES_MAX {
            let detail = format!("a socket follows at most {LIBRARIES_MAX} libraries");
            return Err(Refused::new(Code::TooLarge, "library", detail).into());
        }
        let begun = Followed::begin(&self.sharing, scope, cursor.as_deref(), &self.bell).await;
        let (followed, told) = begun?;
        self.leave(library);
        // Most sockets follow one.
        self.follows.reserve_exact(1);
        self.follows.extend(followed);
        Ok(told)
    }

    /// Pushes what a device did; what is none is refused, and costs as much as a push of nothing.
    async fn push(
        &self,
        library: LibraryId,
        body: Result<PushIn, Problem>,
    ) -> Result<Result<Value, Problem>, Close> {
        let signed = match self.signed().await? {
            Ok(signed) => signed,
            Err(problem) => return Ok(Err(problem)),
        };
        Ok(self.pushed(&signed, library, body).await)
    }

    async fn pushed(
        &self,
        signed: &Signed,
        library: LibraryId,
        body: Result<PushIn, Problem>,
    ) -> Result<Value, Problem> {
        let changes = body.as_ref().map_or(0, PushIn::changes);
        let cost = PUSH.plus(of_changes(changes));
        let admitted = self.admitted(signed, cost).await?;
        let reached = self.reached(signed, library, Permit::BookmarksWrite).await;
        let scope = reached.as_ref().ok().map(|(scope, _)| *scope);
        let told = match (reached, body) {
            (Ok((scope, right)), Ok(body)) => self.put(scope, right, signed.person.id, body).await,
            (Err(problem), _) | (_, Err(problem)) => Err(problem),
        };
        self.settled(admitted, scope, &told).await;
        told
    }

    /// Takes what a device of `person` did in the library `scope`.
    async fn put(
        &self,
        scope: Scope,
        right: Right,
        person: PersonId,
        body: PushIn,
    ) -> Result<Value, Problem> {
        if right < Right::Write {
            let detail = "this library is shared with you to read";
            return Err(Refused::new(Code::Forbidden, "", detail).into());
        }
        let doors = doors(&self.api.stores);
        let told = body.push(&doors, scope, person).await?;
        // What is answered goes into JSON.
        Ok(serde_json::to_value(told).unwrap_or_default())
    }
}

fn permits(permit: Permit) -> Permits {
    [permit].into_iter().collect()
}

/// How it is told that something as a whole was not done; `name` and `which` say what.
fn refused(name: &str, which: &str, problem: &Problem) -> Value {
    let wait = problem.headers.iter().find(|(header, _)| *header == RETRY_AFTER);
    let wait = wait.and_then(|(_, value)| value.to_str().ok()?.parse::<u64>().ok());
    let mut told = json!({
        "type": "refused", "status": problem.status.as_u16(), "code": problem.code,
        "detail": problem.detail, "errors": problem.errors,
    });
    told[name] = which.into();
    if let Some(wait) = wait {
        told["retry_after"] = wait.into();
    }
    told
}

#[cfg(test)]
mod tests;
