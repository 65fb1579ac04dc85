//! Puts of this server's own turn: stamped here, at the end of what its author has done.

use super::{Ask, Outcome, Status, Taken, Turn};
use crate::change::Puts;
use crate::id::ItemId;
use crate::kind::Kind;
use crate::refusal::Refused;
use crate::stamp::{Hlc, Seq};
use crate::value::Value;

/// How a put is made.
struct Manner {
    taken: Taken,
    by_server: bool,
    /// How much of the library its author had seen.
    base: Seq,
    says_seen: bool,
    hlc: Hlc,
}

impl Turn {
    /// A local put: stamped here, having seen everything. What changes nothing is not logged.
    pub fn put(
        &mut self,
        item: ItemId,
        kind: Kind,
        set: Puts,
        taken: Taken,
    ) -> Result<Outcome, Refused> {
        let manner = Manner { taken, ..self.seeing_all() };
        self.put_as((item, kind), set, manner)
    }

    /// A local put of an author who had seen the library up to `base` alone: what anybody wrote into a
    /// long text since is kept as a copy, they themselves on another page included.
    pub(crate) fn put_having_seen(
        &mut self,
        base: Seq,
        item: ItemId,
        kind: Kind,
        set: Puts,
    ) -> Result<Outcome, Refused> {
        let all = self.seeing_all();
        let manner = Manner { base: base.min(all.base), says_seen: true, ..all };
        self.put_as((item, kind), set, manner)
    }

    /// A put of the server's that keeps the stamp its values had in another library, so that what
    /// was typed after them wins over them here as it would have there.
    pub(crate) fn put_carried(
        &mut self,
        item: ItemId,
        kind: Kind,
        set: Puts,
        hlc: Hlc,
    ) -> Result<Outcome, Refused> {
        let manner = Manner { taken: Taken::Joins, by_server: true, hlc, ..self.seeing_all() };
        self.put_as((item, kind), set, manner)
    }

    /// A put only the server itself may make: purging, moving between libraries.
    pub(crate) fn put_by_server(
        &mut self,
        item: ItemId,
        kind: Kind,
        set: Puts,
    ) -> Result<Outcome, Refused> {
        let manner = Manner { by_server: true, ..self.seeing_all() };
        self.put_as((item, kind), set, manner)
    }

    /// That of an author who has seen everything, and writes now.
    fn seeing_all(&self) -> Manner {
        let head = &self.shelf.head;
        let hlc = Hlc::local(self.author.now, head.hlc);
        let (taken, base) = (Taken::Refuses, head.seq);
        Manner { taken, by_server: false, base, says_seen: false, hlc }
    }

    fn put_as(
        &mut self,
        (item, kind): (ItemId, Kind),
        mut set: Puts,
        Manner { taken, by_server, base, says_seen, hlc }: Manner,
    ) -> Result<Outcome, Refused> {
        if let Some(known) = self.shelf.item(item) {
            let tags = self.shelf.tags_borne(known);
            set.retain(|register, value| match register.as_tag() {
                Some(tag) => {
                    let on = value.as_ref().and_then(Value::as_bool) == Some(true);
                    tags.contains(&self.shelf.resolve(tag)) != on
                }
                None => known.get(register.as_str()) != value.as_ref(),
            });
            if set.is_empty() {
                return Ok(Outcome { status: Status::Noop, item: known.id, seq: None, hlc });
            }
        }
        let (n, act) = (self.n + 1, self.act);
        let waited = false;
        let ask = Ask { n, hlc, base, act, item, kind, set, taken, by_server, waited, says_seen };
        let outcome = self.decide(ask)?;
        self.n = n;
        Ok(outcome)
    }
}
