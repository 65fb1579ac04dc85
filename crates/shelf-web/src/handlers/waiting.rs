//! Deletions of devices that wait: seen, and let be done or not.

use axum::extract::Path;
use shelf_bookmarks::Stores;
use shelf_domain::{id::DeviceId, refusal::Refused};
use shelf_sync::{
    Doors, HeldItem, HeldOf, confirm_held, held::WAITS_MS, held_items, list_held, refuse_held,
};

use super::Answer;
use crate::{
    frame::Here,
    pages::waiting::{Waiting, WaitingPage, waiting},
    posted::Posted,
    trouble::Trouble,
    ui::toast::Toast,
    visit::{Visit, moment},
    words,
};

/// Names that are shown of one device.
const SHOWN: usize = 50;
/// Most turns of letting deletions be done: as many as may wait.
const TURNS_MAX: usize = 12;

/// What the use cases of sync work with.
pub(crate) fn doors(stores: &Stores) -> Doors {
    let Stores { library, replicas, views, blobs, accounts, rooms, clock, chance, .. } =
        stores.clone();
    Doors { library, replicas, views, blobs, accounts, rooms, clock, chance }
}

/// What waits.
pub(crate) async fn page(visit: Visit) -> Answer {
    let doors = doors(&visit.ctx.stores);
    let mut devices = Vec::new();
    for held in list_held(&doors, visit.scope, visit.ctx.person).await? {
        let items = held_items(&doors, visit.scope, held.line.device, 0, SHOWN).await?;
        devices.push(shown(held, items));
    }
    let frame = visit.frame("Waiting deletions", Here::Waiting).await?;
    Ok(visit.page(&frame, &waiting(&WaitingPage { devices }, &frame), None))
}

fn shown(HeldOf { line, name }: HeldOf, items: Vec<HeldItem>) -> Waiting {
    let title = |item: HeldItem| {
        if item.title.is_empty() { format!("a {}", item.kind) } else { item.title }
    };
    Waiting {
        device: line.device.to_string(),
        name: name.unwrap_or_default(),
        count: line.count,
        through: line.through,
        since: moment(line.since),
        until: moment(line.since.saturating_add(WAITS_MS)),
        titles: items.into_iter().map(title).collect(),
    }
}

/// Deletes what waits of a device, or keeps it, as far as it was shown.
pub(crate) async fn answer(Path(device): Path<String>, Posted { visit, said }: Posted) -> Answer {
    visit.ctx.to_write()?;
    let device: DeviceId = device.parse().map_err(|_| Refused::not_found("device"))?;
    let through = said.text("through").parse();
    let through: u64 = through.map_err(|_| Refused::invalid("through", "send the form again"))?;
    let words = match said.text("answer") {
        "delete" => delete(&visit, device, through).await?,
        "keep" => {
            let doors = doors(&visit.ctx.stores);
            let kept = refuse_held(&doors, visit.scope, device, through).await?;
            format!("{} stayed", words::counted(kept, "thing", "things"))
        }
        _ => return Err(Refused::invalid("answer", "choose one of the buttons").into()),
    };
    Ok(visit.go("/waiting", Some(&Toast { words, undo: None })))
}

async fn delete(visit: &Visit, device: DeviceId, through: u64) -> Result<String, Trouble> {
    let doors = doors(&visit.ctx.stores);
    let mut deleted = 0;
    for _ in 0..TURNS_MAX {
        let told = confirm_held(&doors, visit.scope, device, through).await?;
        deleted += told.answers.iter().filter(|told| told.told.is_ok()).count() as u64;
        if !told.more {
            break;
        }
    }
    Ok(format!("{} went into the trash", words::counted(deleted, "thing", "things")))
}
