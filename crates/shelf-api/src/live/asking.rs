//! Who asks on a socket, what they may, and what it costs them.

use super::{ADDRESS, PING_EVERY, Talk, permits};
use crate::caller;
use crate::graphql::asks::Who;
use crate::graphql::http::{of_its_own, who};
use crate::graphql::session::Close;
use crate::limit::dried;
use crate::problem::Problem;
use crate::routes::oauth::proof::DPOP;
use axum::http::header::{AUTHORIZATION, HOST, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Request as Bare, StatusCode, Uri};
use serde_json::{Value, json};
use shelf_domain::id::{LibraryId, Scope};
use shelf_domain::permit::{Permit, must_hold};
use shelf_domain::rate::Cost;
use shelf_domain::right::Right;
use shelf_identity::{Admitted, Asker, Outcome, Signed, reach_of};
use shelf_sync::PROTOCOL;

/// What is answered to who tries what is not there or not theirs.
const MISSED: [StatusCode; 3] =
    [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
/// Says by which scheme the server was asked, where something of ours stands before it.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What of `headers` says at which address the server was asked.
pub(super) fn naming(headers: &HeaderMap) -> HeaderMap {
    let said = |name: HeaderName| headers.get(&name).map(of_its_own).map(|value| (name, value));
    [HOST, FORWARDED_PROTO].into_iter().filter_map(said).collect()
}

impl Talk {
    /// Finds out who asks: by the token they say, or what the socket was opened with.
    pub(super) async fn hello(
        &mut self,
        token: Option<&str>,
        proof: Option<&str>,
    ) -> Result<Value, Close> {
        if self.taken.is_some() {
            return Err(Close::TooManyInits);
        }
        if let Some(token) = token {
            self.who = Some(self.by_token(token, proof).await?);
        }
        let Some(who) = &self.who else { return Err(Close::Forbidden) };
        self.taken = self.seats.said_by(self.place.take(), who.signed.person.id);
        if self.taken.is_none() {
            return Err(Close::TooManySockets);
        }
        // No proof is asked for any more.
        self.named = HeaderMap::new();
        self.asks_at = self.next_ask();
        self.wakes_at = self.asks_at;
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
    pub(super) async fn signed(&self) -> Result<Result<Signed, Problem>, Close> {
        let Some(who) = &self.who else { return Err(Close::Unauthorized) };
        match caller::still(&who.headers, &self.api).await {
            Ok(signed) => Ok(Ok(signed)),
            Err(problem) if problem.status.is_server_error() => Ok(Err(problem)),
            Err(_) => Err(Close::Unauthorized),
        }
    }

    /// Counts something against what the caller may ask for, before it is done.
    pub(super) async fn admitted(&self, signed: &Signed, cost: Cost) -> Result<Admitted, Problem> {
        let admitted = self.api.throttle.admit(Asker::Signed(signed), self.address, cost).await;
        admitted.map_err(|dry| dried(&dry))
    }

    /// Counts how it turned out, as for a request: the tenant pays whose library it was about, and
    /// whoever tries what is not theirs is known by it.
    pub(super) async fn settled<T: Sync>(
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
    pub(super) async fn reached(
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
}
