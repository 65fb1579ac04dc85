//! What every use case of webhooks is given, and on whose behalf it works.

use crate::watched::Watched;
use shelf_domain::audit::{Deed, Record};
use shelf_domain::id::{DeviceId, EndpointId, Ids, PersonId, Scope};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Right;
use shelf_ports::Fault;
use shelf_ports::audit::Audit;
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::library::Library;
use shelf_ports::usage::Rooms;
use shelf_ports::vault::Vault;
use shelf_ports::webhooks::{Due, EndpointState, Webhooks};
use std::sync::Arc;

/// The stores and sources the courier works with; cheap to clone.
#[derive(Clone, Debug)]
pub struct Courier {
    /// Endpoints and deliveries.
    pub webhooks: Arc<dyn Webhooks>,
    /// The log that is told.
    pub library: Arc<dyn Library>,
    /// What was done about endpoints.
    pub audit: Arc<dyn Audit>,
    /// How much more tenants may keep.
    pub rooms: Arc<dyn Rooms>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub chance: Arc<dyn Chance>,
    /// What seals the keys of endpoints.
    pub vault: Arc<dyn Vault>,
    /// The libraries that have endpoints, as this process knows them.
    pub watched: Arc<Watched>,
}

impl Courier {
    pub(crate) fn ids(&self) -> Ids {
        Ids::new(self.clock.now_ms(), self.chance.seed())
    }

    /// Writes down that `by` is about to do `deed` to an endpoint.
    pub(crate) async fn record(
        &self,
        by: &Manager,
        deed: Deed,
        endpoint: EndpointId,
        detail: &str,
    ) -> Result<(), Fault> {
        let record = Record {
            at: self.clock.now_ms(),
            deed,
            person: by.person,
            grant: by.grant,
            subject: Some(endpoint.to_bytes()),
            detail: detail.to_owned(),
        };
        self.audit.put_record(by.scope.tenant, record).await.map(drop)
    }

    /// Writes down that the server is about to give the endpoint of `due` up, which becomes `state`.
    pub(crate) async fn record_given_up(
        &self,
        due: &Due,
        state: EndpointState,
    ) -> Result<(), Fault> {
        let (scope, person) = (due.scope, PersonId::from_bytes([0; 16]));
        let nobody = Manager { scope, person, grant: None, right: Right::Read };
        self.record(&nobody, Deed::EndpointGivenUp, due.endpoint.id, state.name()).await
    }
}

/// Who asks about the endpoints of a library. What they may do there was asked where this is made.
#[derive(Clone, Copy, Debug)]
pub struct Manager {
    /// The library.
    pub scope: Scope,
    /// The person.
    pub person: PersonId,
    /// With which session, token or device.
    pub grant: Option<DeviceId>,
    /// What they may do in the library.
    pub right: Right,
}

impl Manager {
    /// Refused `forbidden` for whoever does not manage the library.
    pub(crate) fn manages(&self) -> Result<(), Refused> {
        if self.right >= Right::Manage {
            return Ok(());
        }
        let detail = "only who manages a library decides who is told what happens in it";
        Err(Refused::new(Code::Forbidden, "", detail))
    }
}

pub(crate) fn no_endpoint(id: EndpointId) -> Refused {
    Refused::not_found(format!("endpoint {id}"))
}
