//! Whom webhooks brought what is erased: they are told that it was, once each (GDPR, article 19).

use super::PrivacyDoors;
use super::recipients::origin;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{EndpointId, LibraryId, Scope, TenantId};
use shelf_ports::Fault;
use shelf_ports::webhooks::{Endpoint, EndpointEdit, EndpointState};

/// Most endpoints of one erasure that are told. Whoever has more stands in the receipt with the rest
/// as not told: an erasure waits for none of them for long.
const TOLD_MAX: usize = 100;

/// An endpoint that is told, or is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Farewell {
    endpoint: EndpointId,
    /// Where it leads, without the rest of its address.
    place: String,
    told: bool,
}

/// A line of the receipt.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    /// Where the endpoint leads.
    place: &'a str,
    /// Whether what is there took it that all it was sent is erased.
    told: bool,
}

/// Everybody who is told in the course of one erasure. Whoever stands here is not told again, however
/// that went: what broke off may have arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Farewells(Vec<Farewell>);

impl Farewells {
    /// The endpoints of `libraries` that were sent something and do not stand here yet. All are paused, so
    /// that nothing is sent behind that, nor for the first time now.
    pub(super) async fn due(
        &self,
        doors: &PrivacyDoors,
        libraries: &[(TenantId, LibraryId)],
    ) -> Result<Vec<(Scope, Endpoint)>, Fault> {
        let paused = EndpointEdit { state: Some(EndpointState::Paused), ..EndpointEdit::default() };
        let mut due = Vec::new();
        for (tenant, library) in libraries.iter().copied() {
            let scope = Scope { tenant, library };
            for endpoint in doors.webhooks.endpoints(scope).await? {
                if endpoint.state == EndpointState::Active {
                    doors.webhooks.edit_endpoint(scope, endpoint.id, &paused).await?;
                }
                // What was not taken may have been read all the same.
                let was_sent = endpoint.succeeded_at.is_some() || endpoint.failures > 0;
                if was_sent && self.0.iter().all(|known| known.endpoint != endpoint.id) {
                    due.push((scope, endpoint));
                }
            }
        }
        Ok(due)
    }

    /// Notes all of `due` as not told; those that are to be told now. Who said that it wants no more is
    /// left alone.
    pub(super) fn noted(&mut self, due: Vec<(Scope, Endpoint)>) -> Vec<(Scope, Endpoint)> {
        let room = TOLD_MAX.saturating_sub(self.0.len());
        self.0.extend(due.iter().map(|(_, endpoint)| Farewell {
            endpoint: endpoint.id,
            place: origin(&endpoint.url).to_owned(),
            told: false,
        }));
        let listens = |(_, endpoint): &(Scope, Endpoint)| endpoint.state != EndpointState::Gone;
        due.into_iter().filter(listens).take(room).collect()
    }

    /// Notes who took it.
    pub(super) fn took(&mut self, endpoints: &[EndpointId]) {
        for one in &mut self.0 {
            one.told |= endpoints.contains(&one.endpoint);
        }
    }

    /// What the receipt says of it, in the order they were told.
    pub(super) fn lines(&self) -> Vec<Line<'_>> {
        self.0.iter().map(|one| Line { place: &one.place, told: one.told }).collect()
    }
}
