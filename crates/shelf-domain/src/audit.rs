//! The audit log of a tenant: what was done about who may do what. Each record is sealed to the one
//! before it by a hash, so that whoever knows the last hash can tell whether any was changed, taken
//! out, put in, moved, or cut off.
//!
//! The hash of a record is SHA-256 over the name of the format, the tenant, the hash before it (all
//! zero before the first), and the record's fields, each of fixed length or with its length before
//! it. Records hold ids and words of ours, nothing anybody typed: when a person is erased, their ids
//! mean nothing any more and the chain still holds.

use crate::id::{DeviceId, PersonId, TenantId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The format of what is hashed.
const FORMAT: &[u8] = b"mindshelf.audit.1";
/// Most bytes of a detail.
pub const DETAIL_BYTES_MAX: usize = 64;

/// Something that was done about who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Somebody signed in; the subject is the session.
    SignedIn,
    /// A session, token or device was ended; the subject is what ended.
    GrantEnded,
    /// A password was set or changed.
    PasswordSet,
    /// A password was removed.
    PasswordRemoved,
    /// Recovery codes were made.
    RecoveryCodesMade,
    /// A passkey was added; the subject is the passkey.
    PasskeyAdded,
    /// A passkey was removed; the subject is the passkey.
    PasskeyRemoved,
    /// A passkey was used whose counter went back, as that of a copy does, and opens nothing any
    /// more; the subject is the passkey.
    PasskeyCopied,
    /// A token was made; the subject is the token.
    TokenMade,
    /// A device was paired; the subject is the device.
    DevicePaired,
    /// The tenant was made.
    TenantMade,
    /// The tenant got another name.
    TenantRenamed,
    /// Somebody was invited, as the detail says; the subject is the invitation.
    Invited,
    /// An invitation was taken back; the subject is the invitation.
    InvitationTakenBack,
    /// An invitation was taken up; the subject is the invitation.
    Joined,
    /// A member became what the detail says; the subject is the member.
    RoleChanged,
    /// A member was taken out or left; the subject is the member.
    MemberRemoved,
    /// A group was made; the subject is the group.
    GroupMade,
    /// A group got another name; the subject is the group.
    GroupRenamed,
    /// A group was removed; the subject is the group.
    GroupRemoved,
    /// The member in the detail came into a group; the subject is the group.
    GroupJoined,
    /// The member in the detail was taken out of a group; the subject is the group.
    GroupLeft,
    /// A library was made, of a folder of the one in the detail where it says so; the subject is the library.
    LibraryMade,
    /// A library got another name; the subject is the library.
    LibraryRenamed,
    /// Somebody may use a library, as the detail says; the subject is the library.
    RightGiven,
    /// Somebody may use a library no more, as the detail says; the subject is the library.
    RightTakenBack,
    /// A library was written into a file that left; the subject is the library.
    Exported,
    /// A library has one endpoint of webhooks more; the subject is the endpoint.
    EndpointAdded,
    /// An endpoint was changed, paused or resumed, as the detail says; the subject is the endpoint.
    EndpointChanged,
    /// An endpoint signs with another secret; the subject is the endpoint.
    EndpointSecretRotated,
    /// An endpoint was removed; the subject is the endpoint.
    EndpointRemoved,
    /// The server gave an endpoint up, and the detail says how it stands; the subject is the endpoint.
    EndpointGivenUp,
    /// A program was registered that people may let in; the subject is the program.
    ClientRegistered,
    /// A program was removed, and shut out wherever it was let in; the subject is the program.
    ClientRemoved,
    /// A program was let in; the subject is the program.
    AppLetIn,
    /// A program was shut out, because a secret of it was brought twice; the subject is its grant.
    AppShutOut,
    /// An identity provider was connected.
    ProviderConnected,
    /// What an identity provider is asked, or may decide, was changed.
    ProviderChanged,
    /// An identity provider was removed, with all that came in by it alone.
    ProviderRemoved,
    /// A domain of mail addresses was named; nothing is believed of it yet.
    DomainAdded,
    /// A domain of mail addresses was proven to be the tenant's.
    DomainVerified,
    /// A domain of mail addresses was removed.
    DomainRemoved,
    /// A member is known to the identity provider from now on; the subject is the member.
    ProviderLinked,
    /// Somebody came in by the identity provider.
    ProviderSignedIn,
    /// Somebody was signed out by the identity provider.
    ProviderSignedOut,
    /// Whom the identity provider sent was turned away, for the reason in the detail.
    ProviderTurnedAway,
    /// The member in the detail came into a group, as the identity provider says; the subject is the
    /// group.
    GroupJoinedByClaim,
    /// The member in the detail left a group, as the identity provider says; the subject is the group.
    GroupLeftByClaim,
    /// A member became what the detail says, as the identity provider says; the subject is the member.
    RoleChangedByClaim,
    /// Somebody asked to be erased.
    ErasureAsked,
    /// Somebody took back that they asked to be erased.
    ErasureTakenBack,
    /// A tenant was given the plan in the detail, or none, by whoever runs the server; the subject is the
    /// tenant. It stands in its log, and in that of who gave it.
    PlanGiven,
    /// Somebody runs the server from now on; the subject is who. It stands in their log, and in that of
    /// who named them.
    OperatorNamed,
    /// Somebody runs the server no more; the subject is who.
    OperatorEnded,
    /// A member was erased: what stands here of them names nobody any more.
    Erased,
    /// Whoever runs the server replaced its root key; the detail says so where the one before was lost.
    KeysReplaced,
}

impl Deed {
    /// Every one, and the word for it in stores and answers.
    pub const ALL: [(Self, &'static str); 56] = [
        (Self::SignedIn, "signed_in"),
        (Self::GrantEnded, "grant_ended"),
        (Self::PasswordSet, "password_set"),
        (Self::PasswordRemoved, "password_removed"),
        (Self::RecoveryCodesMade, "recovery_codes_made"),
        (Self::PasskeyAdded, "passkey_added"),
        (Self::PasskeyRemoved, "passkey_removed"),
        (Self::PasskeyCopied, "passkey_copied"),
        (Self::TokenMade, "token_made"),
        (Self::DevicePaired, "device_paired"),
        (Self::TenantMade, "tenant_made"),
        (Self::TenantRenamed, "tenant_renamed"),
        (Self::Invited, "invited"),
        (Self::InvitationTakenBack, "invitation_taken_back"),
        (Self::Joined, "joined"),
        (Self::RoleChanged, "role_changed"),
        (Self::MemberRemoved, "member_removed"),
        (Self::GroupMade, "group_made"),
        (Self::GroupRenamed, "group_renamed"),
        (Self::GroupRemoved, "group_removed"),
        (Self::GroupJoined, "group_joined"),
        (Self::GroupLeft, "group_left"),
        (Self::LibraryMade, "library_made"),
        (Self::LibraryRenamed, "library_renamed"),
        (Self::RightGiven, "right_given"),
        (Self::RightTakenBack, "right_taken_back"),
        (Self::Exported, "exported"),
        (Self::EndpointAdded, "endpoint_added"),
        (Self::EndpointChanged, "endpoint_changed"),
        (Self::EndpointSecretRotated, "endpoint_secret_rotated"),
        (Self::EndpointRemoved, "endpoint_removed"),
        (Self::EndpointGivenUp, "endpoint_given_up"),
        (Self::ClientRegistered, "client_registered"),
        (Self::ClientRemoved, "client_removed"),
        (Self::AppLetIn, "app_let_in"),
        (Self::AppShutOut, "app_shut_out"),
        (Self::ProviderConnected, "provider_connected"),
        (Self::ProviderChanged, "provider_changed"),
        (Self::ProviderRemoved, "provider_removed"),
        (Self::DomainAdded, "domain_added"),
        (Self::DomainVerified, "domain_verified"),
        (Self::DomainRemoved, "domain_removed"),
        (Self::ProviderLinked, "provider_linked"),
        (Self::ProviderSignedIn, "provider_signed_in"),
        (Self::ProviderSignedOut, "provider_signed_out"),
        (Self::ProviderTurnedAway, "provider_turned_away"),
        (Self::GroupJoinedByClaim, "group_joined_by_claim"),
        (Self::GroupLeftByClaim, "group_left_by_claim"),
        (Self::RoleChangedByClaim, "role_changed_by_claim"),
        (Self::ErasureAsked, "erasure_asked"),
        (Self::ErasureTakenBack, "erasure_taken_back"),
        (Self::PlanGiven, "plan_given"),
        (Self::OperatorNamed, "operator_named"),
        (Self::OperatorEnded, "operator_ended"),
        (Self::Erased, "erased"),
        (Self::KeysReplaced, "keys_replaced"),
    ];

    /// The word for it in stores and answers.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(deed, _)| *deed == self).map_or("", |(_, name)| name)
    }

    /// The deed of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(deed, _)| *deed)
    }
}

/// What is told of one deed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When, milliseconds since 1970.
    pub at: i64,
    /// What was done.
    pub deed: Deed,
    /// Who did it.
    pub person: PersonId,
    /// With which session, token or device; `None` where it was none of them.
    pub grant: Option<DeviceId>,
    /// What it was done to: the 16 bytes of an id.
    pub subject: Option<[u8; 16]>,
    /// How, in words of ours: a role, a right, an id; at most [`DETAIL_BYTES_MAX`] bytes.
    pub detail: String,
}

/// What a record is sealed with. Prints as 64 hexadecimal digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Seal(pub [u8; 32]);

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({self})")
    }
}

impl FromStr for Seal {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut seal = [0; 32];
        hex::decode_to_slice(text.trim(), &mut seal)?;
        Ok(Self(seal))
    }
}

/// A record in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Its place: 1 for the first of its tenant, without gaps.
    pub n: u64,
    /// What is told.
    pub record: Record,
    /// What it is sealed with.
    pub seal: Seal,
}

/// How far a chain was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    tenant: TenantId,
    /// How many records were followed.
    pub n: u64,
    /// The seal of the last one; all zero before the first.
    pub seal: Seal,
}

/// Where a chain does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Another record was expected here.
    #[error("record {expected} is missing; {found} stands in its place")]
    Gap {
        /// The place that was expected.
        expected: u64,
        /// The one that was found.
        found: u64,
    },
    /// The record is not the one that was sealed, or one before it is not.
    #[error("record {n} is not what was written")]
    Changed {
        /// Its place.
        n: u64,
    },
}

impl Chain {
    /// The chain of `tenant` before its first record.
    pub fn of(tenant: TenantId) -> Self {
        Self { tenant, n: 0, seal: Seal::default() }
    }

    /// The chain where it stands at record `n`, which is sealed with `seal`.
    pub fn at(tenant: TenantId, n: u64, seal: Seal) -> Self {
        Self { tenant, n, seal }
    }

    /// Puts `record` after the last one.
    #[must_use]
    pub fn put(&mut self, record: Record) -> Sealed {
        self.n += 1;
        self.seal = self.sealing(&record);
        Sealed { n: self.n, record, seal: self.seal }
    }

    /// Follows one more record of what was kept; refused where it is not the one that was written
    /// there.
    pub fn follow(&mut self, next: &Sealed) -> Result<(), Broken> {
        let expected = self.n + 1;
        if next.n != expected {
            return Err(Broken::Gap { expected, found: next.n });
        }
        let after = Self { n: expected, ..*self };
        if after.sealing(&next.record) != next.seal {
            return Err(Broken::Changed { n: expected });
        }
        *self = Self { seal: next.seal, ..after };
        Ok(())
    }

    /// The seal of `record` at this place, after the last seal.
    fn sealing(&self, record: &Record) -> Seal {
        let mut hash = Sha256::new();
        hash.update(FORMAT);
        hash.update(self.tenant.to_bytes());
        hash.update(self.seal.0);
        hash.update(self.n.to_be_bytes());
        hash.update(record.at.to_be_bytes());
        text(&mut hash, record.deed.name());
        hash.update(record.person.to_bytes());
        maybe(&mut hash, record.grant.map(DeviceId::to_bytes));
        maybe(&mut hash, record.subject);
        text(&mut hash, &record.detail);
        Seal(hash.finalize().into())
    }
}

fn text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}

fn maybe(hash: &mut Sha256, id: Option<[u8; 16]>) {
    hash.update([u8::from(id.is_some())]);
    hash.update(id.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TENANT: TenantId = TenantId::from_bytes([7; 16]);

    fn records() -> impl Strategy<Value = Record> {
        let ids = || any::<[u8; 16]>();
        let fields = (
            any::<i64>(),
            0..Deed::ALL.len(),
            ids(),
            prop::option::of(ids()),
            prop::option::of(ids()),
            "[a-z=:0-9-]{0,12}",
        );
        fields.prop_map(|(at, deed, person, grant, subject, detail)| Record {
            at,
            deed: Deed::ALL[deed].0,
            person: PersonId::from_bytes(person),
            grant: grant.map(DeviceId::from_bytes),
            subject,
            detail,
        })
    }

    fn written(records: Vec<Record>) -> (Vec<Sealed>, Chain) {
        let mut chain = Chain::of(TENANT);
        let sealed = records.into_iter().map(|record| chain.put(record)).collect();
        (sealed, chain)
    }

    /// Whether what is kept is what was written, by whoever knows where the chain ended.
    fn holds(kept: &[Sealed], end: Chain) -> bool {
        let mut chain = Chain::of(TENANT);
        kept.iter().all(|next| chain.follow(next).is_ok()) && chain == end
    }

    /// One way to tamper with a log.
    #[derive(Clone, Debug)]
    enum Tampering {
        Edit(Record),
        Seal([u8; 32]),
        Number(u64),
        Drop,
        Repeat,
        Insert(Record),
        Swap(prop::sample::Index),
        Cut,
        Rewrite(Record),
    }

    fn tampering() -> impl Strategy<Value = Tampering> {
        prop_oneof![
            records().prop_map(Tampering::Edit),
            any::<[u8; 32]>().prop_map(Tampering::Seal),
            any::<u64>().prop_map(Tampering::Number),
            Just(Tampering::Drop),
            Just(Tampering::Repeat),
            records().prop_map(Tampering::Insert),
            any::<prop::sample::Index>().prop_map(Tampering::Swap),
            Just(Tampering::Cut),
            records().prop_map(Tampering::Rewrite),
        ]
    }

    fn tampered(mut log: Vec<Sealed>, at: usize, how: Tampering) -> Vec<Sealed> {
        match how {
            Tampering::Edit(record) => log[at].record = record,
            Tampering::Seal(seal) => log[at].seal = Seal(seal),
            Tampering::Number(n) => log[at].n = n,
            Tampering::Drop => drop(log.remove(at)),
            Tampering::Repeat => log.insert(at, log[at].clone()),
            Tampering::Insert(record) => {
                let (n, seal) = (log[at].n, log[at].seal);
                log.insert(at, Sealed { n, record, seal });
            }
            Tampering::Swap(with) => {
                let with = with.index(log.len());
                log.swap(at, with);
            }
            Tampering::Cut => log.truncate(at),
            // Somebody who can write everything: another record, and all after it sealed anew.
            Tampering::Rewrite(record) => {
                let mut records: Vec<_> = log.into_iter().map(|sealed| sealed.record).collect();
                records[at] = record;
                log = written(records).0;
            }
        }
        log
    }

    proptest! {
        #[test]
        fn what_was_written_holds(records in prop::collection::vec(records(), 0..20)) {
            let (log, end) = written(records);
            prop_assert!(holds(&log, end));
        }

        #[test]
        fn any_tampering_is_found(
            records in prop::collection::vec(records(), 1..20),
            at in any::<prop::sample::Index>(),
            how in tampering(),
        ) {
            let (log, end) = written(records);
            let at = at.index(log.len());
            let other = tampered(log.clone(), at, how);
            prop_assert_eq!(holds(&other, end), other == log);
        }
    }

    #[test]
    fn a_chain_is_of_one_tenant_and_its_first_seal_never_changes() {
        let record = Record {
            at: 1_790_000_000_000,
            deed: Deed::RoleChanged,
            person: PersonId::from_bytes([1; 16]),
            grant: None,
            subject: Some([2; 16]),
            detail: "admin".to_owned(),
        };
        let sealed = Chain::of(TENANT).put(record.clone());
        let elsewhere = Chain::of(TenantId::from_bytes([8; 16])).put(record);
        assert_ne!(sealed.seal, elsewhere.seal);
        let known = "7a2071ea1d04e7affa6fefdcdc36ba4484a55231eef649a1af78f530d959fb76";
        assert_eq!(sealed.seal.to_string(), known);
        assert_eq!(known.parse(), Ok(sealed.seal));
    }

    #[test]
    fn every_deed_has_one_name() {
        for (deed, name) in Deed::ALL {
            assert_eq!((deed.name(), Deed::named(name)), (name, Some(deed)));
        }
    }
}
