//! How many connections each address has open, so that nobody takes the room of all others.

use crate::proxies::Proxies;
use shelf_identity::Address;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Connections by the address they come from; none has an entry that has none.
type Open = Arc<Mutex<HashMap<Address, usize>>>;

/// Who is connected, and how often one may be.
#[derive(Clone, Debug)]
pub(crate) struct Crowd {
    /// Connections of one address.
    most: usize,
    /// Behind these many are one address, and they bound who comes through them.
    proxies: Proxies,
    open: Open,
}

/// A place among the connections of an address, until it is dropped.
#[derive(Debug)]
pub(super) struct Place(Option<(Open, Address)>);

impl Crowd {
    /// Nobody yet; `most` of one address, and any number of `proxies`.
    pub(crate) fn of(most: usize, proxies: Proxies) -> Self {
        Self { most, proxies, open: Open::default() }
    }

    /// A place for one more connection of `peer`; `None` where its address has as many as it may.
    pub(super) fn enter(&self, peer: IpAddr) -> Option<Place> {
        if self.proxies.has(peer) {
            return Some(Place(None));
        }
        let address = Address::of(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place(Some((Arc::clone(&self.open), address))))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((open, address)) = &self.0 else { return };
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        let left = open.get(address).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            open.remove(address);
        } else {
            open.insert(*address, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_as_many_places_as_it_may_and_a_proxy_any_number() {
        let proxies = Proxies::read(&["10.0.0.0/8".to_owned()]).unwrap();
        let crowd = Crowd::of(2, proxies);
        let (first, second) = (crowd.enter(ip("203.0.113.9")), crowd.enter(ip("203.0.113.9")));
        assert!(first.is_some() && second.is_some());
        assert!(crowd.enter(ip("203.0.113.9")).is_none());
        assert!(crowd.enter(ip("::ffff:203.0.113.9")).is_none(), "the same written otherwise");
        let other = crowd.enter(ip("203.0.113.8"));
        assert!(other.is_some(), "another one has room");
        let proxied: Vec<_> = (0..9).map(|_| crowd.enter(ip("10.1.2.3"))).collect();
        assert!(proxied.iter().all(Option::is_some));
        drop(second);
        assert!(crowd.enter(ip("203.0.113.9")).is_some(), "a place is free again");
        drop((first, other, proxied));
        assert!(crowd.open.lock().unwrap().is_empty(), "nobody is remembered who is gone");
    }

    #[test]
    fn a_household_of_ipv6_is_one_address() {
        let crowd = Crowd::of(1, Proxies::default());
        let first = crowd.enter(ip("2001:db8::1"));
        assert!(first.is_some() && crowd.enter(ip("2001:db8::2")).is_none());
        assert!(crowd.enter(ip("2001:db8:0:1::1")).is_some());
    }
}
