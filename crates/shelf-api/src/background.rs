//! Work that goes on after its request was answered, or while its answer is read: bounded, and
//! waited for before the process ends.

use crate::problem::Problem;
use shelf_domain::refusal::{Code, Refused};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

/// Imports that may wait or work at once.
const IMPORTS_MAX: usize = 16;
/// Imports that work at once.
const IMPORTS_AT_ONCE: usize = 2;
/// Exports that are read at once.
const EXPORTS_MAX: usize = 8;
/// Files of bookmarks that come in or go out at once.
const FILES_MAX: usize = 32;

/// Imports and exports that are under way. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Background {
    pub(crate) tasks: TaskTracker,
    /// Largest file, in bytes.
    pub(crate) bytes_max: u64,
    imports: Arc<Semaphore>,
    working: Arc<Semaphore>,
    exports: Arc<Semaphore>,
    files: Arc<Semaphore>,
}

/// The right to go on; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held, never looked at")] OwnedSemaphorePermit);

impl Background {
    /// Nothing is under way. A file that comes in has at most `bytes_max` bytes.
    pub fn new(bytes_max: u64) -> Self {
        Self {
            tasks: TaskTracker::new(),
            bytes_max,
            imports: Arc::new(Semaphore::new(IMPORTS_MAX)),
            working: Arc::new(Semaphore::new(IMPORTS_AT_ONCE)),
            exports: Arc::new(Semaphore::new(EXPORTS_MAX)),
            files: Arc::new(Semaphore::new(FILES_MAX)),
        }
    }

    /// Waits until nothing is under way any more; the caller bounds the wait.
    pub async fn settled(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The right to begin an import, unless too many are under way.
    pub(crate) fn import(&self) -> Result<Turn, Problem> {
        one_of(&self.imports, "too many imports are under way")
    }

    /// The right to begin an export, unless too many are under way.
    pub(crate) fn export(&self) -> Result<Turn, Problem> {
        one_of(&self.exports, "too many exports are under way")
    }

    /// The right to take in or give out a file of a bookmark, unless too many are under way.
    pub(crate) fn file(&self) -> Result<Turn, Problem> {
        one_of(&self.files, "too many files are under way")
    }

    /// Waits for the turn of an import to work.
    pub(crate) async fn working(&self) -> Option<Turn> {
        // Nobody closes it; if somebody did, nobody would have to wait.
        Arc::clone(&self.working).acquire_owned().await.ok().map(Turn)
    }
}

fn one_of(all: &Arc<Semaphore>, detail: &str) -> Result<Turn, Problem> {
    let turn = Arc::clone(all).try_acquire_owned();
    turn.map(Turn).map_err(|_| Refused::new(Code::SlowDown, "", detail).into())
}
