//! The exam of import jobs and their ledgers.

use crate::desk::Desk;
use shelf_domain::id::{ActId, Ids};
use shelf_ports::accounts::Accounts;
use shelf_ports::chance::Chance;
use shelf_ports::imports::{ImportJob, Imports, JobState, LedgerRow, RowOutcome};

/// Sits the whole exam of [`Imports`].
pub async fn exam(accounts: &dyn Accounts, imports: &dyn Imports) {
    let (ada, ben) = (Desk::new(accounts, 601).await, Desk::new(accounts, 602).await);
    jobs_are_kept_as_last_put(&ada, &ben, imports).await;
    ledgers_are_read_in_parts(&Desk::new(accounts, 603).await, imports).await;
}

fn job(desk: &Desk, started_at: i64) -> ImportJob {
    let id: ActId = Ids::new(started_at, desk.chance.seed()).make();
    ImportJob {
        id,
        file_name: "bookmarks.html".into(),
        format: "netscape".into(),
        state: JobState::Running,
        dry_run: false,
        parsed: 0,
        stored: 0,
        merged: 0,
        refused: 0,
        folders: 0,
        total: None,
        started_at,
        ended_at: None,
        problem: None,
    }
}

async fn jobs_are_kept_as_last_put(ada: &Desk, ben: &Desk, imports: &dyn Imports) {
    let mut first = job(ada, 1_000);
    let second = job(ada, 2_000);
    imports.put(ada.scope, &first, &[]).await.unwrap();
    imports.put(ada.scope, &second, &[]).await.unwrap();
    first.state = JobState::Done;
    (first.parsed, first.stored, first.total, first.ended_at) = (3, 3, Some(3), Some(1_500));
    imports.put(ada.scope, &first, &[]).await.unwrap();
    assert_eq!(imports.job(ada.scope, first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(imports.jobs(ada.scope, 10).await.unwrap(), [second.clone(), first.clone()]);
    assert_eq!(imports.jobs(ada.scope, 1).await.unwrap(), [second]);
    assert_eq!(imports.job(ben.scope, first.id).await.unwrap(), None);
    assert!(imports.jobs(ben.scope, 10).await.unwrap().is_empty());
}

fn row(number: u64, outcome: RowOutcome) -> LedgerRow {
    LedgerRow {
        row: number,
        outcome,
        reason: "this is no absolute address".into(),
        url: format!("row {number}"),
        title: String::new(),
        item: None,
        kept_title: None,
    }
}

async fn ledgers_are_read_in_parts(desk: &Desk, imports: &dyn Imports) {
    let (job, other) = (job(desk, 1_000), job(desk, 1_001));
    let rows: Vec<LedgerRow> = (1..=9)
        .map(|at| {
            let outcome = if at % 3 == 0 { RowOutcome::Refused } else { RowOutcome::Merged };
            row(at, outcome)
        })
        .collect();
    imports.put(desk.scope, &job, &rows[..4]).await.unwrap();
    imports.put(desk.scope, &job, &rows[4..]).await.unwrap();
    imports.put(desk.scope, &other, &[row(1, RowOutcome::Stored)]).await.unwrap();
    for outcome in [None, Some(RowOutcome::Refused), Some(RowOutcome::Stored)] {
        let (mut after, mut seen) = (0, Vec::new());
        loop {
            let part = imports.rows(desk.scope, job.id, outcome, after, 2).await.unwrap();
            assert!(part.len() <= 2);
            let Some(last) = part.last() else { break };
            after = last.row;
            seen.extend(part);
        }
        let want: Vec<LedgerRow> =
            rows.iter().filter(|row| outcome.is_none_or(|o| row.outcome == o)).cloned().collect();
        assert_eq!(seen, want, "{outcome:?}");
    }
}
