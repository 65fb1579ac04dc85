//! Add an endpoint to a library: from the next change on it is told what happens.

use crate::courier::{Courier, Manager};
use crate::keys::fresh;
use crate::secret::EndpointSecret;
use shelf_domain::audit::Deed;
use shelf_domain::event::{EventType, EventTypes};
use shelf_domain::plan::Stock;
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::Failure;
use shelf_ports::webhooks::{ENDPOINTS_MAX, Endpoint, EndpointState};
use url::Url;

/// Longest address, bytes.
const URL_BYTES_MAX: usize = 2_048;
/// Longest description, characters.
const DESCRIPTION_CHARS_MAX: usize = 200;

/// What endpoint to add.
#[derive(Clone, Debug, Default)]
pub struct AddEndpoint {
    /// Where events are posted to.
    pub url: String,
    /// What its owner writes about it.
    pub description: String,
    /// The types it is told of; none for all.
    pub types: Vec<String>,
}

/// An endpoint that was added, and its secret.
#[derive(Clone, Debug)]
pub struct Added {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// What its deliveries are signed with; shown this once.
    pub secret: EndpointSecret,
}

/// Adds an endpoint; for who manages the library.
#[tracing::instrument(skip_all, fields(tenant = %by.scope.tenant, library = %by.scope.library))]
pub async fn add_endpoint(
    courier: &Courier,
    by: &Manager,
    ask: AddEndpoint,
) -> Result<Added, Failure> {
    by.manages()?;
    let (url, description) = (checked_url(&ask.url)?, checked_description(&ask.description)?);
    let types = checked_types(&ask.types)?;
    let id = courier.ids().make();
    let (secret, key) = fresh(courier, by.scope, id).await?;
    let endpoint = Endpoint {
        id,
        url,
        description,
        types,
        state: EndpointState::Active,
        made_by: by.person,
        created_at: courier.clock.now_ms(),
        key,
        old_key: None,
        failures: 0,
        rest_until: 0,
        succeeded_at: None,
        missed: 0,
    };
    if courier.webhooks.endpoints(by.scope).await?.len() >= ENDPOINTS_MAX {
        return Err(too_many().into());
    }
    if let Some(room) = courier.rooms.room(by.scope.tenant, Stock::Webhooks).await? {
        room.take()?;
    }
    courier.record(by, Deed::EndpointAdded, endpoint.id, "").await?;
    if !courier.webhooks.add_endpoint(by.scope, &endpoint).await? {
        return Err(too_many().into());
    }
    courier.watched.stir();
    Ok(Added { endpoint, secret })
}

fn too_many() -> Refused {
    let detail = format!("a library has at most {ENDPOINTS_MAX} endpoints");
    Refused::new(Code::Quota, "", detail)
}

/// An address events can be posted to, as it is written. Where it leads is judged at every try, by
/// the door out.
pub(crate) fn checked_url(text: &str) -> Result<String, Refused> {
    let refused = |detail: &str| Refused::invalid("url", detail);
    let text = text.trim();
    if text.len() > URL_BYTES_MAX {
        return Err(refused(&format!("an address has at most {URL_BYTES_MAX} bytes")));
    }
    let url = Url::parse(text).map_err(|_| refused("this is no address such as https://…"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(refused("an endpoint has an address with https or http"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("an address must not hold a user name or a password"));
    }
    if url.fragment().is_some() {
        return Err(refused("leave out what follows the #: it is never sent"));
    }
    Ok(url.to_string())
}

pub(crate) fn checked_description(text: &str) -> Result<String, Refused> {
    let text = text.trim();
    if text.chars().count() > DESCRIPTION_CHARS_MAX {
        let detail = format!("a description has at most {DESCRIPTION_CHARS_MAX} characters");
        return Err(Refused::invalid("description", detail));
    }
    Ok(text.to_owned())
}

/// The types of these names; all, where there are none.
pub(crate) fn checked_types(names: &[String]) -> Result<EventTypes, Refused> {
    let named = |name: &String| {
        EventType::named(name.trim()).ok_or_else(|| {
            let detail = "a type of event is called such as mindshelf.bookmark.created";
            Refused::invalid("types", detail)
        })
    };
    let types: EventTypes = names.iter().map(named).collect::<Result<_, _>>()?;
    Ok(if types.is_empty() { EventTypes::ALL } else { types })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_can_be_posted_to() {
        let read = |text: &str| checked_url(text).map_err(|refused| refused.at);
        assert_eq!(read(" https://a.example/hook?x=1 ").unwrap(), "https://a.example/hook?x=1");
        assert_eq!(read("http://10.0.0.7:9000").unwrap(), "http://10.0.0.7:9000/");
        let long = format!("https://a.example/{}", "x".repeat(URL_BYTES_MAX));
        for text in [
            "",
            "a.example",
            "ftp://a.example/",
            "file:///etc/passwd",
            "https://",
            "https://me:secret@a.example/",
            "https://a.example/#part",
            "mailto:a@a.example",
            &long,
        ] {
            assert_eq!(read(text).unwrap_err(), "url", "{text}");
        }
    }

    #[test]
    fn types_are_known_ones_and_none_is_all() {
        assert_eq!(checked_types(&[]).unwrap(), EventTypes::ALL);
        let one = checked_types(&["mindshelf.tag.created".to_owned()]).unwrap();
        assert_eq!(one.iter().map(EventType::name).collect::<Vec<_>>(), ["mindshelf.tag.created"]);
        assert!(checked_types(&["mindshelf.everything".to_owned()]).is_err());
    }
}
