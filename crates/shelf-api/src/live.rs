//! Sync over a WebSocket, by the subprotocol `mindshelf.sync.v1`: what happens in libraries, told
//! as it happens, and pushes.
//!
//! Nothing is only here: whoever loses the socket pulls. Nothing waits here either: the log is read
//! after a cursor when the other side has taken what came before, so a socket holds no queue.

mod said;
mod followed;
mod presence;
#[cfg(any(test, fuzzing))]
pub(crate) mod thrown;

use crate::Api;
use crate::caller;
use crate::costs::of_changes;
use crate::graphql::asks::Who;
use crate::graphql::http::who;
use crate::graphql::seats::{Seats, Taken};
use crate::graphql::session::Close;
use crate::graphql::socket::{by_page, over, sent};
use crate::limit::dried;
use crate::problem::Problem;
use crate::routes::oauth::proof::DPOP;
use crate::routes::sync::{PushIn, doors};
use crate::wire::Answer;
use axum::Extension;
use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, HOST, HeaderName, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Request as Bare, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::get;
use followed::Followed;
use presence::Seated;
use said::Said;
use serde_json::{Value, json};
use shelf_domain::id::{LibraryId, PersonId, Scope};
use shelf_domain::permit::{Permit, Permits, must_hold};
use shelf_domain::rate::Cost;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Right;
use shelf_identity::{Address, Admitted, Asker, Outcome, Signed, reach_of};
use shelf_ports::presence::SessionId;
use shelf_sync::PROTOCOL;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Where it is.
pub(crate) const ADDRESS: &str = "/v1/sync";
/// Largest message, bytes.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// How long it may take until it is said who asks.
const HELLO_MAX: Duration = Duration::from_secs(10);
/// How often the other side is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(30);
/// After so many of these without a word the socket is closed.
const SILENT_MAX: u32 = 2;
/// How often it is looked whether there is more.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// At every so manieth look it is asked whether the caller may still hear anything.
const ASK_EVERY: u32 = 3;
/// Most libraries one socket follows.
const LIBRARIES_MAX: usize = 50;
/// What a push costs besides its changes.
const PUSH: Cost = Cost::units(2);
/// What it costs to begin following.
const FOLLOW: Cost = Cost::units(1);
/// What is answered to who tries what is not there or not theirs.
const MISSED: [StatusCode; 3] =
    [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
/// Says by which scheme the server was asked, where something of ours stands before it.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Why a message that is no text closes the socket.
const BAD: &str = "Messages are text";

/// The route of this file.
pub(crate) fn routes() -> Router<Api> {
    Router::new().route(ADDRESS, get(opened)).layer(Extension(Seats::default()))
}

/// Opens a socket.
async fn opened(
    State(api): State<Api>,
    Extension(seats): Extension<Seats>,
    request: Request,
) -> Answer {
    let (mut parts, _) = request.into_parts();
    let known = by_page(&mut parts, &api).await;
    let address = parts.extensions.get::<Address>().copied();
    let named = naming(&parts.headers);
    let upgrade = upgrade(&mut parts, &api).await?;
    let seat = seats.one();
    let seat = seat.ok_or_else(|| Refused::new(Code::SlowDown, "", "too many sockets are open"))?;
    Ok(upgrade.on_upgrade(move |socket| async move {
        let seated = Seated::new(SessionId(api.stores.chance.seed()));
        let (taken, follows) = (None, BTreeMap::new());
        let mut talk = Talk { api, seats, address, named, who: known, taken, follows, seated };
        talk.held(socket).await;
        talk.seated.gone(&talk.api).await;
        drop(seat);
    }))
}

/// What of `headers` says at which address the server was asked.
fn naming(headers: &HeaderMap) -> HeaderMap {
    let said = |name: HeaderName| headers.get(&name).cloned().map(|value| (name, value));
    [HOST, FORWARDED_PROTO].into_iter().filter_map(said).collect()
}

async fn upgrade(parts: &mut Parts, api: &Api) -> Result<WebSocketUpgrade, Problem> {
    let upgrade = WebSocketUpgrade::from_request_parts(parts, api).await;
    let upgrade =
        upgrade.map_err(|rejection| Problem::of_status(rejection.into_response().status()))?;
    let upgrade = upgrade.protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return Err(Refused::new(Code::Invalid, "", format!("this speaks {PROTOCOL}")).into());
    }
    Ok(upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX))
}

/// One socket, as long as it is open.
struct Talk {
    api: Api,
    seats: Seats,
    address: Option<Address>,
    /// How it was opened: what a proof has to name.
    named: HeaderMap,
    who: Option<Who>,
    /// Its place among the sockets of that person; none, before they said hello.
    taken: Option<Taken>,
    follows: BTreeMap<LibraryId, Followed>,
    /// Where the other side says it is.
    seated: Seated,
}

impl Talk {
    /// Goes on until one side has enough.
    async fn held(&mut self, mut socket: WebSocket) {
        let hello = sleep(HELLO_MAX);
        tokio::pin!(hello);
        let (mut pings, mut looks) = (interval(PING_EVERY), interval(LOOK_EVERY));
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut others = interval(presence::LOOK_EVERY);
        others.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first one is at once.
        pings.tick().await;
        let (mut silent, mut looked) = (0, 0_u32);
        loop {
            let told = tokio::select! {
                heard = socket.recv() => {
                    silent = 0;
                    match heard {
                        None | Some(Ok(Message::Close(_))) => return,
                        Some(Err(_)) => return over(&mut socket, 1009, "").await,
                        Some(Ok(Message::Text(text))) => self.heard(&text).await,
                        Some(Ok(Message::Binary(_))) => Err(Close::BadMessage(BAD)),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Vec::new()),
                    }
                }
                () = &mut hello, if self.taken.is_none() => Err(Close::InitTimeout),
                _ = looks.tick(), if !self.follows.is_empty() => {
                    looked = looked.wrapping_add(1);
                    self.look(looked.is_multiple_of(ASK_EVERY)).await
                }
                _ = others.tick(), if !self.seated.is_empty() => self.others().await,
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
                    if told.iter().any(|one| one["has_more"] == true || one["type"] == "answers") {
                        looks.reset_immediately();
                    }
                    for one in told {
                        if !sent(&mut socket, Message::text(one.to_string())).await {
                            return;
                        }
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
                self.follows.remove(&library);
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
            Said::Push(id, library, body) => match self.push(library, body).await? {
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

    /// Finds out who asks: by the token they say, or what the socket was opened with.
    async fn hello(&mut self, token: Option<&str>, proof: Option<&str>) -> Result<Value, Close> {
        if self.taken.is_some() {
            return Err(Close::TooManyInits);
        }
        if let Some(token) = token {
            self.who = Some(self.by_token(token, proof).await?);
        }
        let Some(who) = &self.who else { return Err(Close::Forbidden) };
        self.taken = self.seats.of(who.signed.person.id);
        if self.taken.is_none() {
            return Err(Close::TooManySockets);
        }
        let heartbeat = PING_EVERY.as_secs();
        Ok(json!({ "type": "welcome", "protocol": PROTOCOL, "heartbeat_seconds": heartbeat }))
    }

    /// Whom a token speaks for. One that is bound to a key comes with a proof of it, made for the
    /// request that opened the socket: scripts of browsers can send no header with that.
    async fn by_token(&self, token: &str, proof: Option<&str>) -> Result<Who, Close> {
        let value = |text: &str| HeaderValue::try_from(text).map_err(|_| Close::Forbidden);
        let (mut parts, ()) = Bare::new(()).into_parts();
        parts.uri = Uri::from_static(ADDRESS);
        parts.headers.clone_from(&self.named);
        let scheme = if proof.is_some() { "DPoP" } else { "Bearer" };
        parts.headers.insert(AUTHORIZATION, value(&format!("{scheme} {token}"))?);
        if let Some(proof) = proof {
            parts.headers.insert(DPOP, value(proof)?);
        }
        let who = who(&mut parts, &self.api).await.map_err(|_| Close::Forbidden)?;
        Ok(Who { address: self.address, ..who })
    }

    /// Whom the socket speaks for now. It is over where that is nobody; a problem, where it cannot
    /// be asked.
    async fn signed(&self) -> Result<Result<Signed, Problem>, Close> {
        let Some(who) = &self.who else { return Err(Close::Unauthorized) };
        match caller::still(&who.headers, &self.api).await {
            Ok(signed) => Ok(Ok(signed)),
            Err(problem) if problem.status.is_server_error() => Ok(Err(problem)),
            Err(_) => Err(Close::Unauthorized),
        }
    }

    /// Counts something against what the caller may ask for, before it is done.
    async fn admitted(&self, signed: &Signed, cost: Cost) -> Result<Admitted, Problem> {
        let admitted = self.api.throttle.admit(Asker::Signed(signed), self.address, cost).await;
        admitted.map_err(|dry| dried(&dry))
    }

    /// Counts how it turned out, as for a request: the tenant pays whose library it was about, and
    /// whoever tries what is not theirs is known by it.
    async fn settled<T: Sync>(
        &self,
        mut admitted: Admitted,
        scope: Option<Scope>,
        done: &Result<T, Problem>,
    ) {
        if let Some(Scope { tenant, .. }) = scope {
            self.api.throttle.paid_by(&mut admitted, tenant);
        }
        let missed = |problem: &Problem| MISSED.contains(&problem.status);
        let outcome =
            if done.as_ref().is_err_and(missed) { Outcome::Failed } else { Outcome::Done };
        self.api.throttle.answered(&admitted, outcome).await;
    }

    /// The library, and what may be done with it, where the caller may do this; and where anything
    /// is left of the day of the tenant that pays for it.
    async fn reached(
        &self,
        signed: &Signed,
        library: LibraryId,
        permit: Permit,
    ) -> Result<(Scope, Right), Problem> {
        must_hold(signed.grant.allows.permits, permits(permit))?;
        let reach = reach_of(&self.api.doors(), signed, library).await?;
        let scope = reach.library.scope();
        if scope.tenant != signed.person.tenant {
            self.api.throttle.has_day(scope.tenant).await.map_err(|dry| dried(&dry))?;
        }
        Ok((scope, reach.right))
    }

    /// Begins to follow a library, or again from another cursor.
    async fn follow(
        &mut self,
        library: LibraryId,
        cursor: Option<String>,
    ) -> Result<Result<Value, Problem>, Close> {
        let signed = match self.signed().await? {
            Ok(signed) => signed,
            Err(problem) => return Ok(Err(problem)),
        };
        Ok(self.followed(&signed, library, cursor).await)
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
        if self.follows.len() >= LIBRARIES_MAX && !self.follows.contains_key(&library) {
            let detail = format!("a socket follows at most {LIBRARIES_MAX} libraries");
            return Err(Refused::new(Code::TooLarge, "library", detail).into());
        }
        let doors = doors(&self.api.stores);
        let (followed, told) = Followed::begin(&doors, scope, cursor.as_deref()).await?;
        match followed {
            Some(followed) => drop(self.follows.insert(library, followed)),
            None => drop(self.follows.remove(&library)),
        }
        Ok(told)
    }

    /// Pushes what a device did.
    async fn push(
        &self,
        library: LibraryId,
        body: PushIn,
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
        body: PushIn,
    ) -> Result<Value, Problem> {
        let cost = PUSH.plus(of_changes(body.changes()));
        let admitted = self.admitted(signed, cost).await?;
        let reached = self.reached(signed, library, Permit::BookmarksWrite).await;
        let scope = reached.as_ref().ok().map(|(scope, _)| *scope);
        let told = match reached {
            Ok((scope, right)) => self.put(scope, right, signed.person.id, body).await,
            Err(problem) => Err(problem),
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

    /// What came in the libraries that are followed. Whether the caller may hear it is asked where
    /// there is something to say, and where `asks` says so.
    async fn look(&mut self, asks: bool) -> Result<Vec<Value>, Close> {
        let doors = doors(&self.api.stores);
        let mut told = Vec::new();
        let mut known: Option<Signed> = None;
        let libraries: Vec<LibraryId> = self.follows.keys().copied().collect();
        for library in libraries {
            let Some(followed) = self.follows.get(&library) else { continue };
            // What is away now is asked again.
            let Ok(moved) = followed.has_moved(&doors).await else { continue };
            if !moved && !asks {
                continue;
            }
            if known.is_none() {
                known = self.signed().await?.ok();
            }
            let Some(signed) = &known else { continue };
            let reach = reach_of(&self.api.doors(), signed, library).await.map_err(Problem::from);
            let scope = match reach {
                Ok(_) if !moved => continue,
                Ok(reach) => reach.library.scope(),
                Err(problem) if problem.status.is_server_error() => continue,
                Err(problem) => {
                    self.follows.remove(&library);
                    told.push(json!({ "type": "gone", "library": library, "code": problem.code }));
                    continue;
                }
            };
            // Where there is no room, there is again in a moment; nothing is lost.
            let Ok(admitted) = self.admitted(signed, FOLLOW).await else { continue };
            let Some(followed) = self.follows.get_mut(&library) else { continue };
            let next = followed.next(&doors).await;
            self.settled(admitted, Some(scope), &next).await;
            let Ok(next) = next else { continue };
            if next.as_ref().is_some_and(|next| next["type"] == "reset") {
                self.follows.remove(&library);
            }
            told.extend(next);
        }
        Ok(told)
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
