//! The queue of a paired device: each counter is answered once, and the same again.

use super::{Answer, Ask, Outcome, Status, Taken, Turn, check};
use crate::change::Pushed;
use crate::refusal::{Code, Refused};

impl Turn {
    /// Takes one change of a paired device; a refusal uses up its counter too.
    ///
    /// Errors are about the queue itself (`gap`, `device_reused`) and use up nothing.
    pub fn push(&mut self, pushed: &Pushed) -> Result<Result<Outcome, Refused>, Refused> {
        self.take(pushed, |turn| turn.decide(turn.ask_of(pushed)))
    }

    /// Takes one change of a paired device without deciding it: it waits for a person, outside the
    /// log; one that is not valid is refused at once. Uses up its counter; errors as [`Turn::push`].
    pub fn hold(&mut self, pushed: &Pushed) -> Result<Result<Outcome, Refused>, Refused> {
        self.take(pushed, |turn| {
            check::shape(&turn.ask_of(pushed))?;
            let item = turn.shelf.resolve(pushed.item);
            Ok(Outcome { status: Status::Held, item, seq: None, hlc: pushed.hlc })
        })
    }

    /// Takes one change of a paired device by refusing it; errors as [`Turn::push`].
    pub fn turn_down(
        &mut self,
        pushed: &Pushed,
        refused: Refused,
    ) -> Result<Result<Outcome, Refused>, Refused> {
        self.take(pushed, |_| Err(refused))
    }

    /// Decides a change of the author that was held, with the counter, stamp and base it came with:
    /// what its author put since is later. What was decided before is answered as it was then.
    pub fn confirm(&mut self, pushed: &Pushed) -> Result<Outcome, Refused> {
        let is_held =
            |told: &Result<Outcome, Refused>| matches!(told, Ok(one) if one.status == Status::Held);
        let known = self.answers.get(&pushed.n);
        if let Some(known) = known.filter(|known| !is_held(&known.told)) {
            return known.told.clone();
        }
        let asked = known.map_or_else(|| fingerprint(pushed), |known| known.asked.clone());
        let told = self.decide(Ask { waited: true, ..self.ask_of(pushed) });
        self.answered.insert(pushed.n, Answer { asked, told: told.clone() });
        told
    }

    /// Answers the next change of a device by `tell`, and one that was answered before as it was.
    fn take(
        &mut self,
        pushed: &Pushed,
        tell: impl FnOnce(&mut Self) -> Result<Outcome, Refused>,
    ) -> Result<Result<Outcome, Refused>, Refused> {
        let asked = fingerprint(pushed);
        if pushed.n <= self.n {
            return match self.answers.get(&pushed.n).or_else(|| self.answered.get(&pushed.n)) {
                Some(answer) if answer.asked == asked => Ok(answer.told.clone()),
                _ => Err(Refused::new(
                    Code::DeviceReused,
                    pushed.n.to_string(),
                    "this counter carried another change, or its answer is no longer kept",
                )),
            };
        }
        if pushed.n > self.n + 1 {
            let detail = format!("the next counter of this device is {}", self.n + 1);
            return Err(Refused::new(Code::Gap, pushed.n.to_string(), detail));
        }
        let told = tell(self);
        self.n = pushed.n;
        self.answered.insert(pushed.n, Answer { asked, told: told.clone() });
        Ok(told)
    }

    fn ask_of(&self, pushed: &Pushed) -> Ask {
        Ask {
            n: pushed.n,
            hlc: pushed.hlc,
            base: pushed.base.min(self.shelf.head.seq),
            act: pushed.act,
            item: pushed.item,
            kind: pushed.kind.clone(),
            set: pushed.set.clone(),
            taken: Taken::Joins,
            by_server: false,
            waited: false,
            says_seen: false,
        }
    }
}

/// The hash that says whether two pushes under one counter are the same.
pub fn fingerprint(pushed: &Pushed) -> String {
    use sha2::Digest;
    let canonical = serde_json::to_value(pushed).map(|v| v.to_string()).unwrap_or_default();
    hex::encode(sha2::Sha256::digest(canonical.as_bytes()))
}
