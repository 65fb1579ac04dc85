//! Make a folder.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::change::Puts;
use shelf_domain::id::{ItemId, Scope};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::refusal::Refused;
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Turn;
use shelf_domain::value::Value;
use shelf_ports::Failure;
use shelf_ports::library::IdempotencyKey;

/// What folder to make. Two of one name are legal and meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateCollection {
    /// Its name.
    pub name: String,
    /// The folder it goes into, at the end; `None` is the root.
    pub parent: Option<ItemId>,
    /// What it is for.
    pub description: String,
    /// Its icon.
    pub icon: String,
    /// The query that fills it, for a smart folder.
    pub query: String,
}

impl CreateCollection {
    fn puts(&self) -> Result<Puts, Refused> {
        let name = self.name.trim();
        if name.is_empty() {
            return Err(Refused::invalid(field::NAME, "a folder needs a name"));
        }
        let mut puts = Puts::from([(Register::from(field::NAME), Some(Value::from(name)))]);
        let texts = [
            (field::DESCRIPTION, &self.description),
            (field::ICON, &self.icon),
            (field::QUERY, &self.query),
        ];
        for (name, text) in texts {
            if !text.trim().is_empty() {
                puts.insert(Register::from(name), Some(Value::from(text.as_str())));
            }
        }
        if let Some(parent) = self.parent {
            puts.insert(Register::from(field::PARENT), Some(Value::from(parent)));
        }
        for (register, value) in &puts {
            Kind::Collection.check(register, value.as_ref())?;
        }
        Ok(puts)
    }
}

/// Makes a folder at the end of its parent; its id is the answer's first item.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn create_collection(
    ctx: &Ctx,
    scope: Scope,
    ask: CreateCollection,
    key: Option<IdempotencyKey>,
) -> Result<Changed, Failure> {
    let puts = ask.puts()?;
    let decide = move |turn: &mut Turn| {
        let mut puts = puts.clone();
        puts.insert(Register::from(field::CREATED_AT), Some(Value::from(turn.now())));
        let outcome = turn.make(&Kind::Collection, puts)?;
        Ok(turn.done(vec![outcome]))
    };
    let reads = Reads::none().into_collection(ask.parent);
    Ok(ctx.write(scope, key, reads, Box::new(decide)).await?.into())
}
