//! Make a tag that no bookmark bears yet.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::change::Puts;
use shelf_domain::id::Scope;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::refusal::Refused;
use shelf_domain::save::checked_tags;
use shelf_domain::shelf::Reads;
use shelf_domain::turn::{Outcome, Status, Taken, Turn};
use shelf_domain::value::Value;
use shelf_ports::Failure;

/// What tag to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateTag {
    /// Its name.
    pub name: String,
    /// Its colour; empty for none.
    pub colour: String,
}

impl CreateTag {
    fn checked(self) -> Result<Self, Refused> {
        let Some(name) = checked_tags(vec![self.name])?.pop() else {
            return Err(Refused::invalid(field::NAME, "a tag needs a name"));
        };
        let colour = Value::from(self.colour.as_str());
        Kind::Tag.check(&Register::from(field::COLOUR), Some(&colour))?;
        Ok(Self { name, colour: self.colour })
    }
}

/// Makes a tag; where the name lives already, that tag is the answer and stays as it is.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn create_tag(ctx: &Ctx, scope: Scope, ask: CreateTag) -> Result<Changed, Failure> {
    let ask = ask.checked()?;
    let reads = Reads::none().tags([ask.name.as_str()]);
    let decide = move |turn: &mut Turn| {
        if let Some(tag) = turn.shelf.tag_named(&ask.name) {
            let (item, hlc) = (tag.id, turn.shelf.head.hlc);
            return Ok(turn.done(vec![Outcome { status: Status::Noop, item, seq: None, hlc }]));
        }
        let name = Value::from(ask.name.as_str());
        let mut puts = Puts::from([(Register::from(field::NAME), Some(name))]);
        if !ask.colour.is_empty() {
            let colour = Value::from(ask.colour.as_str());
            puts.insert(Register::from(field::COLOUR), Some(colour));
        }
        let id = turn.new_id();
        let outcome = turn.put(id, Kind::Tag, puts, Taken::Joins)?;
        Ok(turn.done(vec![outcome]))
    };
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}
