//! Settle what a process that went away left open: its imports are marked, with what came in.

use shelf_domain::id::{ActId, LibraryId, Scope, TenantId};
use shelf_domain::kind::Kind;
use shelf_ports::Fault;
use shelf_ports::imports::JobState;
use shelf_ports::leases::Leases;
use shelf_ports::library::Touched;

use crate::ctx::Stores;
use crate::held::Held;

/// What the leases of imports begin with.
const LEASES: &str = "import/";
/// Imports settled in one call.
const SETTLED_MAX: usize = 64;
/// Imports that are counted; more are not told apart.
pub const COUNTED_MAX: usize = 1_000;
/// Rows of the log looked through at once.
const ROWS_MAX: usize = 5_000;

/// The lease of whoever runs the import `id`.
pub(super) fn lease_of(scope: Scope, id: ActId) -> String {
    format!("{LEASES}{}/{}/{id}", scope.tenant, scope.library)
}

/// The import a lease is for.
fn import_of(lease: &str) -> Option<(Scope, ActId)> {
    let mut parts = lease.strip_prefix(LEASES)?.split('/');
    let tenant: TenantId = parts.next()?.parse().ok()?;
    let library: LibraryId = parts.next()?.parse().ok()?;
    Some((Scope { tenant, library }, parts.next()?.parse().ok()?))
}

/// Imports of all libraries, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportsNow {
    /// Those that run, at most [`COUNTED_MAX`].
    pub running: usize,
    /// Those a process left when it went away, which wait to be settled; at most as many.
    pub left: usize,
}

/// How many imports run now and how many were left, whoever's they are.
pub async fn imports_now(leases: &dyn Leases) -> Result<ImportsNow, Fault> {
    let running = leases.held(LEASES, COUNTED_MAX).await?.len();
    Ok(ImportsNow { running, left: leases.left(LEASES, COUNTED_MAX).await?.len() })
}

/// Marks imports nobody runs any more as failed, with what came in as the log has it; how many
/// there were. Each is seen to by one process, whoever asks.
pub async fn settle_imports(stores: &Stores) -> Result<usize, Fault> {
    let mut count = 0;
    for lease in stores.leases.left(LEASES, SETTLED_MAX).await? {
        let Some(held) = Held::take(stores, &lease).await? else { continue };
        if let Some((scope, id)) = import_of(&lease) {
            count += usize::from(settle(stores, scope, id).await?);
        }
        held.give_back().await?;
    }
    Ok(count)
}

/// Marks one import, if it is still said to run; whether it was.
async fn settle(stores: &Stores, scope: Scope, id: ActId) -> Result<bool, Fault> {
    let job = stores.imports.job(scope, id).await?;
    let Some(mut job) = job.filter(|job| job.state == JobState::Running) else { return Ok(false) };
    job.state = JobState::Failed;
    job.ended_at = Some(stores.clock.now_ms());
    if job.dry_run {
        job.problem = Some("the server stopped meanwhile; ask again".to_owned());
    } else {
        job.stored = bookmarks_made(stores, scope, job.id).await?;
        job.parsed = job.stored + job.merged + job.refused;
        let of = job.total.map_or(String::new(), |total| format!(" of {total}"));
        job.problem = Some(format!(
            "the server stopped after {}{of} rows; what came in stays, and importing the file \
             again brings the rest: what is there already merges",
            job.parsed
        ));
    }
    stores.imports.put(scope, &job, &[]).await?;
    Ok(true)
}

/// The bookmarks an import made: the ledger may be one turn behind the log.
async fn bookmarks_made(stores: &Stores, scope: Scope, id: ActId) -> Result<u64, Fault> {
    let (mut made, mut after) = (0, 0);
    loop {
        let page = stores.library.touched(scope, Touched::By(id), after, ROWS_MAX).await?;
        let Some(last) = page.last() else { return Ok(made) };
        after = last.seq;
        let new = page.iter().filter(|touch| touch.made && touch.kind == Kind::Bookmark);
        made += new.count() as u64;
    }
}
