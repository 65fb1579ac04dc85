//! See the endpoints of a library, and what was sent to them.

use crate::courier::{Courier, Manager, no_endpoint};
use shelf_domain::id::{DeliveryId, EndpointId};
use shelf_domain::refusal::Refused;
use shelf_ports::webhooks::{Delivery, DeliveryPage, Endpoint};
use shelf_ports::{Failure, Fault};

/// Most deliveries of one page.
const PAGE_MAX: usize = 200;

/// An endpoint, and how much waits for it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// How many deliveries wait for it.
    pub waiting: u64,
}

/// The endpoints of a library, oldest first; for who manages it.
#[tracing::instrument(skip_all, fields(tenant = %by.scope.tenant, library = %by.scope.library))]
pub async fn list_endpoints(courier: &Courier, by: &Manager) -> Result<Vec<Shown>, Failure> {
    by.manages()?;
    let endpoints = courier.webhooks.endpoints(by.scope).await?;
    if endpoints.is_empty() {
        return Ok(Vec::new());
    }
    let waiting = courier.webhooks.waiting(by.scope).await?;
    let shown = |endpoint: Endpoint| {
        let waiting = waiting.get(&endpoint.id).copied().unwrap_or_default();
        Shown { endpoint, waiting }
    };
    Ok(endpoints.into_iter().map(shown).collect())
}

/// How many endpoints of a library were given up; nothing for who does not manage it.
pub async fn given_up(courier: &Courier, by: &Manager) -> Result<usize, Fault> {
    if by.manages().is_err() {
        return Ok(0);
    }
    let endpoints = courier.webhooks.endpoints(by.scope).await?;
    Ok(endpoints.iter().filter(|endpoint| !endpoint.state.collects()).count())
}

/// One endpoint of a library; for who manages it.
pub async fn endpoint(courier: &Courier, by: &Manager, id: EndpointId) -> Result<Shown, Failure> {
    let all = list_endpoints(courier, by).await?;
    let found = all.into_iter().find(|shown| shown.endpoint.id == id);
    found.ok_or_else(|| no_endpoint(id).into())
}

/// Deliveries to an endpoint, latest first, and whether there are more; for who manages the library.
#[tracing::instrument(skip_all, fields(tenant = %by.scope.tenant, library = %by.scope.library))]
pub async fn list_deliveries(
    courier: &Courier,
    by: &Manager,
    id: EndpointId,
    page: DeliveryPage,
) -> Result<(Vec<Delivery>, bool), Failure> {
    by.manages()?;
    if !(1..=PAGE_MAX).contains(&page.limit) {
        return Err(Refused::invalid("limit", format!("a page has 1 to {PAGE_MAX} rows")).into());
    }
    endpoint(courier, by, id).await?;
    let more = DeliveryPage { limit: page.limit + 1, ..page };
    let mut all = courier.webhooks.deliveries(by.scope, id, more).await?;
    let more = all.len() > page.limit;
    all.truncate(page.limit);
    Ok((all, more))
}

/// One delivery; for who manages the library.
pub async fn delivery(
    courier: &Courier,
    by: &Manager,
    of: EndpointId,
    id: DeliveryId,
) -> Result<Delivery, Failure> {
    endpoint(courier, by, of).await?;
    let found = courier.webhooks.delivery(by.scope, of, id).await?;
    found.ok_or_else(|| Refused::not_found(format!("delivery {id}")).into())
}
