//! Typed identifiers, the scope every content call carries, and how ids are made from a seed.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id whose 16 bytes are `bytes`.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
            /// The 16 bytes of this id, in network order.
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

typed_id!(
    /// One item of a library: a bookmark, place, collection, tag, highlight, note or rule.
    ItemId
);
typed_id!(
    /// One library: the unit of right, key, log, shard and region.
    LibraryId
);
impl LibraryId {
    /// The library that a folder becomes when it is shared: the same however often that is begun
    /// anew, so that it goes on where it stopped. `mounted` is the row that last put the folder's
    /// mount, 0 for none: a folder that is shared again later becomes another library.
    pub fn of_folder(library: Self, folder: ItemId, mounted: u64) -> Self {
        use sha2::Digest;
        let hash = sha2::Sha256::new()
            .chain_update(b"mindshelf.shared.1")
            .chain_update(library.to_bytes())
            .chain_update(folder.to_bytes())
            .chain_update(mounted.to_be_bytes())
            .finalize();
        Self::from_bytes(of_hash(hash.into()))
    }
}
typed_id!(
    /// One author of changes: a paired device, a REST grant or a role of the server.
    DeviceId
);
impl DeviceId {
    /// The library itself: by whom stands what the sequencer puts besides. First in every tie.
    pub const SEQUENCER: Self = Self::from_bytes([0; 16]);
    /// The keeper: the role of the server that removes what has been in the trash long enough.
    pub const KEEPER: Self = Self::from_bytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
}
typed_id!(
    /// One tenant: an organisation, or a person alone.
    TenantId
);
typed_id!(
    /// One person.
    PersonId
);
typed_id!(
    /// One group of members of a tenant.
    GroupId
);
typed_id!(
    /// One invitation to a tenant.
    InvitationId
);
typed_id!(
    /// One endpoint of webhooks: an address that is told what happens in a library.
    EndpointId
);
typed_id!(
    /// One delivery: an event on its way to one endpoint. The `webhook-id` of all its tries.
    DeliveryId
);
impl DeliveryId {
    /// The id of the delivery that tells `endpoint` of the `part`th part of `act`: the same however
    /// often it is made, so that a batch that is followed twice delivers once.
    pub fn of(endpoint: EndpointId, act: ActId, part: u32) -> Self {
        use sha2::Digest;
        let hash = sha2::Sha256::new()
            .chain_update(b"mindshelf.delivery.1")
            .chain_update(endpoint.to_bytes())
            .chain_update(act.to_bytes())
            .chain_update(part.to_be_bytes())
            .finalize();
        Self::from_bytes(of_hash(hash.into()))
    }
}
typed_id!(
    /// One program that people may let in.
    ClientId
);
impl ClientId {
    /// The command line of this program, which every server knows.
    pub const COMMAND_LINE: Self = Self::from_bytes(*b"mindshelf-cli-01");
    /// The extension of browsers, which every server knows.
    pub const EXTENSION: Self = Self::from_bytes(*b"mindshelf-ext-01");
}
typed_id!(
    /// One receipt of an erasure: who knows it may read it, so it is drawn from chance alone.
    ReceiptId
);
typed_id!(
    /// One passkey of a person.
    PasskeyId
);
typed_id!(
    /// One file that is kept with a bookmark.
    CaptureId
);
impl CaptureId {
    /// A small number for programs that know a file by one: the last 31 bits, and never zero. Two
    /// files of one bookmark do not share it, see [`Self::differs_from`].
    pub fn number(self) -> u32 {
        let [.., a, b, c, d] = self.to_bytes();
        (u32::from_be_bytes([a, b, c, d]) & 0x7fff_ffff).max(1)
    }

    /// Whether its number is another than those of `others`.
    pub fn differs_from(self, mut others: impl Iterator<Item = Self>) -> bool {
        others.all(|other| other.number() != self.number())
    }
}
typed_id!(
    /// What one gesture did; groups changes for undo, history and webhooks.
    ActId
);

/// The bytes of the id that follows from `hash`, a SHA-256: the same however often it is made.
pub fn of_hash(hash: [u8; 32]) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    // A UUID of version 8: made by a rule of its own (RFC 9562 §5.8).
    bytes[6] = 0x80 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    bytes
}

/// Where library content lives: the first argument of every call that touches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The tenant the library belongs to.
    pub tenant: TenantId,
    /// The library.
    pub library: LibraryId,
}

/// Makes `UUIDv7` ids (RFC 9562 §5.7) from a wall-clock reading and 16 random bytes.
///
/// Ids of one source are strictly rising: the 12 bits after the milliseconds count them, and the
/// milliseconds move on when the count overflows. The tail is derived by SHA-256 from the seed.
#[derive(Clone, Debug)]
pub struct Ids {
    now: i64,
    count: u16,
    seed: [u8; 16],
}

impl Ids {
    /// A source for the moment `now` (milliseconds since 1970, UTC) and the random `seed`.
    pub fn new(now: i64, seed: [u8; 16]) -> Self {
        Self { now, count: 0, seed }
    }

    /// What every id of the moment `now` or later is not below, as 16 bytes.
    pub fn least(now: i64) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&now.max(0).to_be_bytes()[2..]);
        bytes
    }

    /// The next id, as any of the id types.
    pub fn make<T: From<Uuid>>(&mut self) -> T {
        use sha2::Digest;
        let tail = sha2::Sha256::new()
            .chain_update(self.seed)
            .chain_update(self.now.to_be_bytes())
            .chain_update(self.count.to_be_bytes())
            .finalize();
        let mut bytes = [0_u8; 16];
        bytes[..6].copy_from_slice(&self.now.to_be_bytes()[2..]);
        bytes[6..8].copy_from_slice(&(0x7000 | self.count).to_be_bytes());
        bytes[8..].copy_from_slice(&tail[..8]);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        self.count += 1;
        if self.count > 0x0fff {
            self.count = 0;
            self.now += 1;
        }
        T::from(Uuid::from_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_becomes_the_same_library_until_it_was_one() {
        let (library, folder) = (LibraryId::from_bytes([1; 16]), ItemId::from_bytes([2; 16]));
        let made = LibraryId::of_folder(library, folder, 0);
        assert_eq!(made, LibraryId::of_folder(library, folder, 0));
        assert_ne!(made, LibraryId::of_folder(library, folder, 7));
        assert_ne!(made, LibraryId::of_folder(made, folder, 0));
        assert_eq!(made.to_string().as_bytes()[14], b'8');
    }

    #[test]
    fn the_number_of_a_file_is_small_and_never_zero() {
        assert_eq!(CaptureId::from_bytes([0; 16]).number(), 1);
        let most = CaptureId::from_bytes([0xff; 16]);
        assert_eq!(most.number(), 0x7fff_ffff);
        assert!(!most.differs_from([most].into_iter()));
        assert!(most.differs_from([CaptureId::from_bytes([0; 16])].into_iter()));
    }

    #[test]
    fn ids_of_one_source_rise_and_differ() {
        let mut ids = Ids::new(1_700_000_000_000, [7; 16]);
        let made: Vec<ItemId> = (0..5_000).map(|_| ids.make()).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(made[0].to_string().as_bytes()[14], b'7');
        let least = |now| ItemId::from_bytes(Ids::least(now));
        assert!(least(1_700_000_000_000) <= made[0] && made[0] < least(1_700_000_000_001));
        assert_eq!(least(i64::MIN), ItemId::from_bytes([0; 16]));
    }
}
