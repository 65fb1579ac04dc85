//! Who else is in the libraries that the other side of a socket shows: it says again and again where
//! it is, and is told of others when that changes, at most once a second.
//!
//! Whoever does not say where they are is told nothing. Alone in a library nothing is told.

use super::{Close, Permit, Problem, Talk};
use crate::Api;
use crate::routes::presence::PersonHereOut;
use axum::http::StatusCode;
use serde_json::{Value, json};
use shelf_domain::id::{ItemId, LibraryId, Scope};
use shelf_domain::rate::Cost;
use shelf_domain::refusal::{Code, Refused};
use shelf_identity::{Signed, reach_of};
use shelf_ports::presence::{Doing, Seat, SessionId, is_taken};
use shelf_sync::{Company, PersonHere, be_away, be_here, company, named};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often it is looked who is there; nobody is told oftener.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Most libraries one socket is in at once.
const LIBRARIES_MAX: usize = 8;
/// What it costs to say where one is, and to be told of others.
const COST: Cost = Cost::units(1);

/// Where the other side says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// In which library.
    pub library: LibraryId,
    /// At which item, if at one.
    pub item: Option<ItemId>,
    /// What it does there.
    pub doing: Doing,
}

/// The libraries the other side of a socket is in.
#[derive(Debug)]
pub(super) struct Seated {
    session: SessionId,
    libraries: BTreeMap<LibraryId, At>,
}

/// One of them.
#[derive(Debug)]
struct At {
    scope: Scope,
    /// When it was last said, milliseconds.
    said: i64,
    /// Who is known there to the other side.
    told: Company,
}

impl Seated {
    /// Nowhere yet.
    pub(super) fn new(session: SessionId) -> Self {
        Self { session, libraries: BTreeMap::new() }
    }

    /// Whether it is nowhere.
    pub(super) fn is_empty(&self) -> bool {
        self.libraries.is_empty()
    }

    /// Leaves one library. What is away itself forgets by itself.
    async fn leave(&mut self, api: &Api, library: LibraryId) {
        if let Some(at) = self.libraries.remove(&library) {
            drop(be_away(&api.presence_doors(), at.scope, self.session).await);
        }
    }

    /// Leaves all of them: the socket is closed.
    pub(super) async fn gone(&mut self, api: &Api) {
        while let Some((library, _)) = self.libraries.first_key_value() {
            let library = *library;
            self.leave(api, library).await;
        }
    }
}

impl Talk {
    /// Takes in where the other side is. A problem, where it may not be there.
    pub(super) async fn here(&mut self, spot: Spot) -> Result<Result<(), Problem>, Close> {
        let signed = match self.signed().await? {
            Ok(signed) => signed,
            Err(problem) => return Ok(Err(problem)),
        };
        let sat = self.sat(&signed, spot).await;
        if sat.as_ref().is_err_and(|problem| problem.status == StatusCode::NOT_FOUND) {
            self.away(spot.library).await;
        }
        Ok(sat)
    }

    async fn sat(&mut self, signed: &Signed, spot: Spot) -> Result<(), Problem> {
        let admitted = self.admitted(signed, COST).await?;
        let reached = self.reached(signed, spot.library, Permit::BookmarksRead).await;
        let scope = reached.as_ref().ok().map(|(scope, _)| *scope);
        let sat = match reached {
            Ok((scope, _)) => self.sits(signed, scope, spot).await,
            Err(problem) => Err(problem),
        };
        self.settled(admitted, scope, &sat).await;
        sat
    }

    async fn sits(&mut self, signed: &Signed, scope: Scope, spot: Spot) -> Result<(), Problem> {
        let Spot { library, item, doing } = spot;
        let known = &self.seated.libraries;
        if known.len() >= LIBRARIES_MAX && !known.contains_key(&library) {
            let detail = format!("a socket is in at most {LIBRARIES_MAX} libraries");
            return Err(Refused::new(Code::TooLarge, "library", detail).into());
        }
        let (session, person) = (self.seated.session, signed.person.id);
        be_here(&self.api.presence_doors(), scope, &Seat { session, person, item, doing }).await?;
        let said = self.api.stores.clock.now_ms();
        let at = self.seated.libraries.entry(library);
        at.and_modify(|at| at.said = said).or_insert_with(|| At {
            scope,
            said,
            told: Company::new(),
        });
        Ok(())
    }

    /// The other side is not in this library any more.
    pub(super) async fn away(&mut self, library: LibraryId) {
        self.seated.leave(&self.api, library).await;
    }

    /// Who is there now, of each library where that changed. Whether the caller may hear it is asked
    /// before anything is told.
    pub(super) async fn others(&mut self) -> Result<Vec<Value>, Close> {
        let doors = self.api.presence_doors();
        let now = doors.clock.now_ms();
        // Whoever does not say so any more is not there.
        self.seated.libraries.retain(|_, at| is_taken(at.said, now));
        let Some(person) = self.who.as_ref().map(|who| who.signed.person.id) else {
            return Ok(Vec::new());
        };
        let mut told = Vec::new();
        let mut known: Option<Signed> = None;
        let libraries: Vec<LibraryId> = self.seated.libraries.keys().copied().collect();
        for library in libraries {
            let Some(at) = self.seated.libraries.get(&library) else { continue };
            // What is away now is asked again.
            let Ok(others) = company(&doors, at.scope, person).await else { continue };
            if others == at.told {
                continue;
            }
            if known.is_none() {
                known = self.signed().await?.ok();
            }
            let Some(signed) = &known else { continue };
            let reach = reach_of(&self.api.doors(), signed, library).await.map_err(Problem::from);
            let scope = match reach {
                Ok(reach) => reach.library.scope(),
                Err(problem) if problem.status.is_server_error() => continue,
                Err(_) => {
                    self.away(library).await;
                    continue;
                }
            };
            // Where there is no room, there is again in a moment.
            let Ok(admitted) = self.admitted(signed, COST).await else { continue };
            let people = named(&doors, others.clone()).await.map_err(Problem::from);
            self.settled(admitted, Some(scope), &people).await;
            let Ok(people) = people else { continue };
            told.push(present(library, people));
            if let Some(at) = self.seated.libraries.get_mut(&library) {
                at.told = others;
            }
        }
        Ok(told)
    }
}

/// How it is told who is in a library.
fn present(library: LibraryId, people: Vec<PersonHere>) -> Value {
    let people: Vec<PersonHereOut> = people.into_iter().map(PersonHereOut::from).collect();
    json!({ "type": "present", "library": library, "people": people })
}
