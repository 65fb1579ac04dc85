//! Who was given something of a person: endpoints, programs, teams.

use super::PrivacyDoors;
use crate::oauth::OAuthDoors;
use crate::oauth::clients::find_client;
use serde::Serialize;
use shelf_domain::id::PersonId;
use shelf_ports::Fault;
use shelf_ports::accounts::GrantKind;
use shelf_ports::tenants::Tenant;

/// Most members of a team that are looked at to tell whether it is one.
const ALONE: usize = 1;

/// Somebody who was given something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recipient {
    /// What they are: `webhook`, `app`, `token` or `team`.
    pub kind: &'static str,
    /// What they are called, or where they are.
    pub name: String,
}

/// Where an address leads, without the rest of it: that is often a secret of who manages the library.
pub(crate) fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let rest = url.get(host..).unwrap_or_default();
    let end = rest.find(['/', '?', '#']).map_or(url.len(), |at| host + at);
    url.get(..end).unwrap_or_default()
}

/// Who was given something of `person`, as far as this server knows. Of webhooks it is said where they
/// lead: whoever may only read a library learns no more of them.
pub async fn recipients(doors: &PrivacyDoors, person: PersonId) -> Result<Vec<Recipient>, Fault> {
    let identity = doors.doors();
    let mut all = Vec::new();
    for reach in identity.tenants.reach(person).await? {
        for endpoint in doors.webhooks.endpoints(reach.library.scope()).await? {
            let name = origin(&endpoint.url).to_owned();
            all.push(Recipient { kind: "webhook", name });
        }
    }
    let now = identity.clock.now_ms();
    let oauth = OAuthDoors {
        doors: identity.clone(),
        clients: doors.clients.clone(),
        authorizations: doors.authorizations.clone(),
    };
    for (_, client) in doors.authorizations.apps(person, now).await? {
        if let Some((client, _)) = find_client(&oauth, client).await? {
            all.push(Recipient { kind: "app", name: client.name });
        }
    }
    for grant in identity.accounts.grants(person, now).await? {
        if grant.kind == GrantKind::Token {
            all.push(Recipient { kind: "token", name: grant.name });
        }
    }
    for team in teams(doors, person).await? {
        all.push(Recipient { kind: "team", name: team.name });
    }
    Ok(all)
}

/// The tenants of `person` with others in them.
pub(crate) async fn teams(doors: &PrivacyDoors, person: PersonId) -> Result<Vec<Tenant>, Fault> {
    let tenants = &doors.doors().tenants;
    let mut teams = Vec::new();
    for (tenant, _) in tenants.tenants_of(person).await? {
        if tenants.members(tenant.id).await?.len() > ALONE {
            teams.push(tenant);
        }
    }
    Ok(teams)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_no_more_is_told_than_where_it_leads() {
        for (url, told) in [
            ("https://hooks.example/services/T0/secret", "https://hooks.example"),
            ("http://10.0.0.7:9000/", "http://10.0.0.7:9000"),
            ("https://hooks.example?key=secret", "https://hooks.example"),
            ("https://[2001:db8::1]:8443/secret", "https://[2001:db8::1]:8443"),
            ("secret", "secret"),
            ("", ""),
        ] {
            assert_eq!(origin(url), told);
        }
    }
}
