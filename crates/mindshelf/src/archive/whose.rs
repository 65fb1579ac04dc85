//! Whose an entry is: with whose key it is sealed in a backup, and with whom it is gone.

use shelf_domain::id::{PersonId, Scope};
use shelf_ports::accounts::RESTORED_OF;
use shelf_ports::archive::Entry;
use shelf_ports::vault::Owner;

/// The owner of `entry`, which was told of the library `scope`, or of none.
pub(super) fn owner_of(scope: Option<Scope>, entry: &Entry) -> Owner {
    match entry {
        Entry::Person(person, _) => Owner::Person(person.id),
        Entry::Setting(person, ..)
        | Entry::Consent(person, _)
        | Entry::RecoveryCode(person, _)
        // What somebody did in a library is theirs, wherever it was.
        | Entry::Event(person, _) => of_person(*person),
        Entry::Erasure(erasure) => of_person(erasure.person),
        Entry::Credential(credential) => of_person(credential.person),
        Entry::Passkey(passkey) => of_person(passkey.person),
        Entry::Client(client, _) => of_person(client.person),
        Entry::Grant(grant, _) => of_person(grant.person),
        Entry::Author(_, person) => of_person(*person),
        Entry::Tenant(tenant) => Owner::Tenant(tenant.id),
        Entry::Member(tenant, _) | Entry::Group(tenant, _) | Entry::Audit(tenant, _) => {
            Owner::Tenant(*tenant)
        }
        Entry::Plan(tenant, _) => Owner::Tenant(*tenant),
        Entry::Spent(spent) => Owner::Tenant(spent.tenant),
        Entry::Share(library, _) => Owner::Library(*library),
        Entry::Library(info, _) => Owner::Library(info.id),
        // A receipt names nobody, and is there when its person is not.
        Entry::OwnerKey(..) | Entry::ServerKey(_) | Entry::Receipt(_) => Owner::Server,
        _ => scope.map_or(Owner::Server, |scope| Owner::Library(scope.library)),
    }
}

/// A setting may be nobody's.
fn of_person(person: PersonId) -> Owner {
    if person == RESTORED_OF { Owner::Server } else { Owner::Person(person) }
}

/// Whether `entry` is what says that its owner is there.
pub(super) fn is_owner(entry: &Entry) -> bool {
    matches!(entry, Entry::Person(..) | Entry::Tenant(_) | Entry::Library(..))
}
