//! Who is in a backup that can be read in part, and what is left out with those who are not.

use shelf_domain::id::{GroupId, LibraryId, PersonId, Scope, TenantId};
use shelf_domain::right::Role;
use shelf_ports::accounts::RESTORED_OF;
use shelf_ports::archive::{Batch, Entry};
use shelf_ports::tenants::{Holder, Member};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Whoever is told of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Present {
    people: BTreeSet<PersonId>,
    tenants: BTreeSet<TenantId>,
    groups: BTreeSet<GroupId>,
    libraries: BTreeSet<LibraryId>,
    members: BTreeMap<TenantId, Vec<Member>>,
}

impl Present {
    /// Notes who is told of in `batch`.
    pub(super) fn note(&mut self, batch: &Batch) {
        for entry in &batch.entries {
            match entry {
                Entry::Person(person, _) => drop(self.people.insert(person.id)),
                Entry::Tenant(tenant) => drop(self.tenants.insert(tenant.id)),
                Entry::Group(_, group) => drop(self.groups.insert(group.id)),
                Entry::Library(info, _) => drop(self.libraries.insert(info.id)),
                Entry::Member(tenant, member) => {
                    self.members.entry(*tenant).or_default().push(member.clone());
                }
                _ => {}
            }
        }
    }

    /// What of `entry`, told of the library `scope` or of none, is about those who are there alone.
    pub(super) fn of(&self, scope: Option<Scope>, entry: Entry) -> Option<Entry> {
        let is_here = match (&scope, &entry) {
            (Some(scope), Entry::Event(person, _)) => {
                self.libraries.contains(&scope.library) && self.people.contains(person)
            }
            (Some(scope), _) => self.libraries.contains(&scope.library),
            (None, Entry::Member(tenant, member)) => {
                self.tenants.contains(tenant) && self.people.contains(&member.person)
            }
            (None, Entry::Group(tenant, _) | Entry::Audit(tenant, _) | Entry::Plan(tenant, _)) => {
                self.tenants.contains(tenant)
            }
            (None, Entry::Provider(provider)) => self.tenants.contains(&provider.tenant),
            (None, Entry::Domain(domain)) => self.tenants.contains(&domain.tenant),
            (None, Entry::Identity(one)) => {
                self.tenants.contains(&one.tenant) && self.people.contains(&one.person)
            }
            (None, Entry::Spent(spent)) => self.tenants.contains(&spent.tenant),
            (None, Entry::Share(library, share)) => {
                self.libraries.contains(library) && self.holds(share.holder)
            }
            (None, Entry::Library(info, _)) => self.tenants.contains(&info.tenant),
            (None, Entry::Setting(person, ..)) => {
                *person == RESTORED_OF || self.people.contains(person)
            }
            (None, Entry::Consent(person, _) | Entry::RecoveryCode(person, _)) => {
                self.people.contains(person)
            }
            (None, Entry::Erasure(erasure)) => self.people.contains(&erasure.person),
            (None, Entry::Credential(credential)) => self.people.contains(&credential.person),
            (None, Entry::Passkey(passkey)) => self.people.contains(&passkey.person),
            (None, Entry::Client(client, _)) => self.people.contains(&client.person),
            (None, Entry::Grant(grant, _)) => self.people.contains(&grant.person),
            (None, Entry::Author(_, person)) => self.people.contains(person),
            (None, _) => true,
        };
        is_here.then(|| self.naming(entry))
    }

    /// `entry` without the names of those who are not there.
    fn naming(&self, entry: Entry) -> Entry {
        let named = |person| if self.people.contains(&person) { person } else { RESTORED_OF };
        match entry {
            Entry::Member(tenant, member) if self.heir(tenant) == Some(member.person) => {
                Entry::Member(tenant, Member { role: Role::Owner, ..member })
            }
            Entry::Group(tenant, mut group) => {
                group.people.retain(|person| self.people.contains(person));
                Entry::Group(tenant, group)
            }
            Entry::Library(info, maker) => Entry::Library(info, named(maker)),
            Entry::Endpoint(mut endpoint) => {
                endpoint.made_by = named(endpoint.made_by);
                Entry::Endpoint(endpoint)
            }
            other => other,
        }
    }

    fn holds(&self, holder: Holder) -> bool {
        match holder {
            Holder::Person(person) => self.people.contains(&person),
            Holder::Group(group) => self.groups.contains(&group),
            Holder::Everyone(tenant) => self.tenants.contains(&tenant),
        }
    }

    /// Who becomes the owner of a tenant that is left without one, as in an erasure: of those with
    /// the highest role the one who is there longest.
    fn heir(&self, tenant: TenantId) -> Option<PersonId> {
        let members = self.members.get(&tenant)?;
        let there = || members.iter().filter(|one| self.people.contains(&one.person));
        if there().any(|one| one.role == Role::Owner) {
            return None;
        }
        let first = there().min_by_key(|one| (Reverse(one.role), one.since, one.person));
        first.map(|one| one.person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_domain::right::Right;
    use shelf_ports::accounts::{LibraryInfo, Person};
    use shelf_ports::tenants::{Group, Share, Tenant};

    fn person(number: u8) -> PersonId {
        PersonId::from_bytes([number; 16])
    }

    #[test]
    fn what_names_only_who_is_gone_goes_and_a_tenant_keeps_an_owner() {
        let (tenant, gone) = (TenantId::from_bytes([7; 16]), TenantId::from_bytes([8; 16]));
        let library = LibraryId::from_bytes([9; 16]);
        let info = LibraryInfo { id: library, tenant, name: "ours".to_owned(), created_at: 1 };
        let member = |who, role, since| {
            let (person, name) = (person(who), String::new());
            Entry::Member(tenant, Member { person, name, role, since })
        };
        let (ben, eve) = (member(2, Role::Member, 5), member(3, Role::Member, 6));
        let own = Tenant { id: tenant, name: "team".to_owned(), created_at: 1 };
        let named = |number| {
            let (tenant, name) = (TenantId::from_bytes([number; 16]), String::new());
            Entry::Person(Person { id: person(number), tenant, name }, 1)
        };
        let entries = vec![
            named(2),
            named(3),
            Entry::Tenant(own),
            member(1, Role::Owner, 1),
            ben.clone(),
            eve.clone(),
            Entry::Library(info.clone(), person(1)),
        ];
        let mut present = Present::default();
        present.note(&Batch { scope: None, entries });
        assert_eq!(present.of(None, member(1, Role::Owner, 1)), None);
        assert_eq!(present.of(None, ben), Some(member(2, Role::Owner, 5)), "the heir");
        assert_eq!(present.of(None, eve.clone()), Some(eve));
        let share = |holder| Entry::Share(library, Share { holder, right: Right::Read });
        assert_eq!(present.of(None, share(Holder::Person(person(1)))), None);
        assert!(present.of(None, share(Holder::Person(person(2)))).is_some());
        let group = |people: &[u8]| {
            let (id, people) = (GroupId::from_bytes([4; 16]), people.iter().map(|n| person(*n)));
            Entry::Group(tenant, Group { id, name: String::new(), people: people.collect() })
        };
        assert_eq!(present.of(None, group(&[1, 3])), Some(group(&[3])));
        let maker = present.of(None, Entry::Library(info.clone(), person(1)));
        assert_eq!(maker, Some(Entry::Library(info.clone(), RESTORED_OF)));
        let elsewhere = LibraryInfo { tenant: gone, ..info };
        assert_eq!(present.of(None, Entry::Library(elsewhere, person(2))), None);
        let setting = |who| Entry::Setting(who, "a".to_owned(), "b".to_owned());
        assert_eq!(present.of(None, setting(person(1))), None);
        assert!(present.of(None, setting(RESTORED_OF)).is_some());
    }
}
