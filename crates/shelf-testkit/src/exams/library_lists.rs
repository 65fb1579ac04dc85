//! The exam of the log's own lists: changes, history, acts, what was touched, what is overdue.

use crate::desk::Desk;
use shelf_domain::edit::Edit;
use shelf_domain::kind::{Kind, field};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::Turn;
use shelf_domain::value::Value;
use shelf_ports::accounts::Accounts;
use shelf_ports::chance::Clock;
use shelf_ports::library::{Library, Touched};

/// Sits this part of the exam.
pub async fn exam(accounts: &dyn Accounts, library: &dyn Library) {
    changes_come_in_order_and_in_parts(&Desk::new(accounts, 201).await, library).await;
    history_falls_and_goes_on(&Desk::new(accounts, 202).await, library).await;
    acts_are_listed_latest_first(&Desk::new(accounts, 203).await, library).await;
    what_an_act_touched_is_found(&Desk::new(accounts, 204).await, library).await;
    the_overdue_are_found_until_they_are_purged(&Desk::new(accounts, 205).await, library).await;
}

async fn changes_come_in_order_and_in_parts(desk: &Desk, library: &dyn Library) {
    for at in 0..7 {
        desk.save_url(library, &format!("https://parts.example/{at}")).await;
    }
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let part = library.changes(desk.scope, after, 3).await.unwrap();
        assert!(part.len() <= 3);
        let Some(last) = part.last() else { break };
        after = last.seq;
        seen.extend(part.into_iter().map(|row| row.seq));
    }
    assert_eq!(seen, (1..=7).collect::<Vec<u64>>());
}

async fn retitle(desk: &Desk, library: &dyn Library, id: shelf_domain::id::ItemId, title: &str) {
    let edit = Edit::default().put(field::TITLE, Some(Value::from(title)));
    let reads = edit.reads(id);
    desk.one(library, reads, move |turn| turn.edit(id, &Kind::Bookmark, &edit)).await;
}

async fn history_falls_and_goes_on(desk: &Desk, library: &dyn Library) {
    let id = desk.save_url(library, "https://history.example/").await;
    desk.save_url(library, "https://history.example/other").await;
    for title in ["one", "two", "three"] {
        retitle(desk, library, id, title).await;
    }
    let all = library.history(desk.scope, id, None, 10).await.unwrap();
    let seqs: Vec<u64> = all.iter().map(|row| row.seq).collect();
    assert_eq!(seqs, [5, 4, 3, 1]);
    let part = library.history(desk.scope, id, Some(4), 1).await.unwrap();
    assert_eq!(part.iter().map(|row| row.seq).collect::<Vec<_>>(), [3]);
}

async fn acts_are_listed_latest_first(desk: &Desk, library: &dyn Library) {
    let id = desk.save_url(library, "https://acts.example/").await;
    let begun = desk
        .write(library, Reads::none(), |turn| {
            let id = turn.new_id();
            let set = crate::desk::puts([(field::NAME, Some(Value::from("a")))]);
            let outcome =
                turn.put(id, Kind::Collection, set, shelf_domain::turn::Taken::Refuses)?;
            Ok(turn.done(vec![outcome]))
        })
        .await
        .unwrap();
    let act = begun.done.act.unwrap();
    retitle(desk, library, id, "in between").await;
    let going_on = move |turn: &mut Turn| {
        turn.continue_act(act);
        let outcomes = turn.trash(id)?;
        Ok(turn.done(outcomes))
    };
    desk.write(library, Reads::none().places([id]), going_on).await.unwrap();
    let acts = library.acts(desk.scope, None, 10).await.unwrap();
    assert_eq!(acts.len(), 3);
    assert_eq!((acts[0].act, acts[0].first, acts[0].last, acts[0].rows), (act, 2, 4, 2));
    assert_eq!(acts[0].item, begun.done.item().unwrap(), "the item of its first row");
    assert_eq!(acts[0].device, desk.device);
    assert_eq!(acts[0].at, desk.clock.now_ms());
    assert_eq!(acts.iter().map(|line| line.last).collect::<Vec<_>>(), [4, 3, 1]);
    let rest = library.acts(desk.scope, Some(4), 1).await.unwrap();
    assert_eq!(rest.iter().map(|line| line.last).collect::<Vec<_>>(), [3]);
}

async fn what_an_act_touched_is_found(desk: &Desk, library: &dyn Library) {
    let before = desk.save_url(library, "https://touched.example/0").await;
    let moment = desk.clock.now_ms();
    let done = desk
        .write(library, Reads::none(), |turn| {
            let mut done = turn.done(Vec::new());
            for at in 0..5 {
                let url = format!("https://touched.example/in/{at}");
                done.outcomes.push(turn.save(&shelf_domain::save::SaveBookmark::of(url))?);
            }
            Ok(done)
        })
        .await
        .unwrap()
        .done;
    let made: Vec<_> = done.outcomes.iter().map(|outcome| outcome.item).collect();
    for touched in [Touched::By(done.act.unwrap()), Touched::Since(moment)] {
        let (mut after, mut seen) = (0, Vec::new());
        loop {
            let part = library.touched(desk.scope, touched, after, 2).await.unwrap();
            assert!(part.len() <= 2);
            let Some(last) = part.last() else { break };
            after = last.seq;
            assert!(part.iter().all(|row| row.made && row.kind == Kind::Bookmark));
            seen.extend(part.into_iter().map(|row| row.item));
        }
        assert_eq!(seen, made, "{touched:?}, in the order of the log, each once");
        assert!(!seen.contains(&before));
    }
    retitle(desk, library, before, "after all").await;
    let since = library.touched(desk.scope, Touched::Since(moment), 0, 10).await.unwrap();
    let last = since.last().unwrap();
    assert_eq!((since.len(), last.item, last.made), (6, before, false));
}

async fn the_overdue_are_found_until_they_are_purged(desk: &Desk, library: &dyn Library) {
    let early = desk.save_url(library, "https://overdue.example/early").await;
    let late = desk.save_url(library, "https://overdue.example/late").await;
    desk.trash(library, early).await;
    let until = desk.clock.now_ms();
    desk.trash(library, late).await;
    assert_eq!(library.overdue(desk.scope, until, 10).await.unwrap(), [early]);
    assert_eq!(library.overdue(desk.scope, i64::MAX, 1).await.unwrap().len(), 1);
    desk.one(library, Reads::none().places([early]), move |turn| turn.purge(early)).await;
    assert_eq!(library.overdue(desk.scope, i64::MAX, 10).await.unwrap(), [late]);
}
