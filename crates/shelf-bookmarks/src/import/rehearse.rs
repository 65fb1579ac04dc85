//! A dry run: says of every row what an import would do, and writes nothing.

use std::collections::HashMap;

use shelf_domain::canon::canon;
use shelf_domain::id::Scope;
use shelf_domain::kind::field;
use shelf_domain::save::SaveBookmark;
use shelf_domain::shelf::Reads;
use shelf_ports::Failure;

use super::steps::{Became, Step, differing};
use crate::ctx::Ctx;

/// Addresses earlier rows of the file would have saved, with their titles.
#[derive(Debug, Default)]
pub(super) struct Rehearsal {
    seen: HashMap<String, String>,
}

impl Rehearsal {
    /// What would become of each step.
    pub(super) async fn take(
        &mut self,
        ctx: &Ctx,
        scope: Scope,
        steps: &[Step],
        reads: Reads,
    ) -> Result<Vec<Became>, Failure> {
        let shelf = ctx.stores.library.read(scope, reads).await?;
        let mut became = Vec::with_capacity(steps.len());
        for step in steps {
            let Step::Save { ask, .. } = step else {
                became.push(Became::Done);
                continue;
            };
            let older = shelf.by_url(&ask.url);
            became.push(match older {
                Some(item) => {
                    let kept = Some(item.text(field::TITLE).to_owned());
                    Became::Merged { item: Some(item.id), kept_title: differing(kept, &ask.title) }
                }
                None => self.among_rows(ask),
            });
        }
        Ok(became)
    }

    fn among_rows(&mut self, ask: &SaveBookmark) -> Became {
        let Some(address) = canon(&ask.url) else { return Became::Stored };
        match self.seen.get(&address) {
            None => {
                self.seen.insert(address, ask.title.clone());
                Became::Stored
            }
            // It would join an earlier row of this file, which is no item yet.
            Some(title) => {
                let kept_title = differing(Some(title.clone()), &ask.title);
                Became::Merged { item: None, kept_title }
            }
        }
    }
}
