//! By whom something was done, as whoever looks at it knows them.

use shelf_bookmarks::history::Writer;
use shelf_domain::id::{DeviceId, PersonId};

/// As whom history is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader {
    /// Who reads.
    pub(crate) person: PersonId,
    /// Whether others may use the library, too: alone, one knows who it was.
    pub(crate) is_shared: bool,
}

impl Reader {
    /// Who did something with `device`, which its owner calls `name`; empty, where nobody has to be
    /// named.
    pub(crate) fn by(
        self,
        device: DeviceId,
        name: Option<&str>,
        writer: Option<&Writer>,
    ) -> String {
        let name = name.unwrap_or_default();
        if !self.is_shared {
            return name.to_owned();
        }
        match writer {
            Some(writer) if writer.id != self.person => writer.name.clone(),
            Some(_) if name.is_empty() => "you".to_owned(),
            Some(_) => format!("you, with {name}"),
            None if is_server(device) => name.to_owned(),
            None => SOMEONE.to_owned(),
        }
    }
}

/// What somebody is called of whom nothing is known any more.
pub(crate) const SOMEONE: &str = "someone who left";

/// Whether the server itself writes as `device`.
pub(crate) fn is_server(device: DeviceId) -> bool {
    device == DeviceId::SEQUENCER || device == DeviceId::KEEPER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_where_there_are_several() {
        let [ada, ben] = [1, 2].map(|byte| PersonId::from_bytes([byte; 16]));
        let device = DeviceId::from_bytes([9; 16]);
        let writer = |id| Writer { id, name: "Ada".to_owned() };
        let alone = Reader { person: ada, is_shared: false };
        assert_eq!(alone.by(device, Some("Firefox"), Some(&writer(ada))), "Firefox");
        let shared = Reader { is_shared: true, ..alone };
        assert_eq!(shared.by(device, Some("Firefox"), Some(&writer(ada))), "you, with Firefox");
        assert_eq!(shared.by(device, None, Some(&writer(ada))), "you");
        let bens = Reader { person: ben, ..shared };
        assert_eq!(bens.by(device, None, Some(&writer(ada))), "Ada");
        assert_eq!(bens.by(device, None, None), "someone who left");
        assert_eq!(bens.by(DeviceId::KEEPER, None, None), "");
    }
}
