//! What all sockets of a process share: one line for each library that is followed, and one task that
//! looks which of them have news, however many follow.

use super::line::Line;
use futures::StreamExt;
use futures::stream;
use shelf_domain::change::Head;
use shelf_domain::id::{LibraryId, Scope};
use shelf_ports::Fault;
use shelf_ports::news::{Mark, News};
use shelf_sync::Doors;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// How often it is looked who has news, without a hint.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// When it is looked again after a hint: what was written may be told a moment later.
const AGAIN: Duration = Duration::from_millis(50);
/// How long at least between two looks.
const PAUSE_MIN: Duration = Duration::from_millis(5);
/// How long at most, between two looks with a hint.
const PAUSE_MAX: Duration = Duration::from_millis(200);
/// What each socket that was woken adds to the pause, so that telling is never behind looking.
const PAUSE_EACH: Duration = Duration::from_micros(10);
/// Libraries with news of one question.
const NEWS_MAX: usize = 1_000;
/// Libraries that are read at once.
const READS_MAX: usize = 8;
/// How long a look waits for one of them. What takes longer goes on by itself, and keeps no other library
/// waiting a second time.
const READ_MAX: Duration = Duration::from_millis(500);

/// What the sockets of a process share. Cloning shares it.
#[derive(Clone, Debug)]
pub(super) struct Sharing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    doors: Doors,
    news: Arc<dyn News>,
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    of: HashMap<LibraryId, Arc<Line>>,
    /// The number of the last one who joined.
    joined: u64,
    /// How far it is known who had news.
    mark: Mark,
    /// Whether a task looks.
    is_looked_at: bool,
}

/// That somebody follows a line; they do no longer once it is dropped.
#[derive(Debug)]
pub(super) struct Joined {
    line: Arc<Line>,
    number: u64,
    sharing: Sharing,
}

impl Joined {
    /// The line.
    pub(super) fn line(&self) -> &Line {
        &self.line
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        let mut lines = self.sharing.lines();
        if self.line.leave(self.number)
            && let Entry::Occupied(entry) = lines.of.entry(self.line.scope().library)
            && Arc::ptr_eq(entry.get(), &self.line)
        {
            entry.remove();
        }
    }
}

impl Sharing {
    /// Nothing is followed yet, of what is behind `doors` and has `news`.
    pub(super) fn new(doors: Doors, news: Arc<dyn News>) -> Self {
        Self(Arc::new(Inner { doors, news, lines: Mutex::default() }))
    }

    /// What the libraries are read with.
    pub(super) fn doors(&self) -> &Doors {
        &self.0.doors
    }

    /// Follows the library of `scope`: `bell` wakes when it was read on.
    pub(super) fn join(&self, scope: Scope, bell: &Arc<Notify>) -> Joined {
        let mut lines = self.lines();
        lines.joined += 1;
        let number = lines.joined;
        let line = lines.of.entry(scope.library).or_insert_with(|| Arc::new(Line::new(scope)));
        let line = Arc::clone(line);
        // While nobody can take the line away.
        line.join(number, Arc::clone(bell));
        if !lines.is_looked_at {
            lines.is_looked_at = true;
            tokio::spawn(self.clone().keep_looking());
        }
        drop(lines);
        Joined { line, number, sharing: self.clone() }
    }

    /// Whether anybody follows `library`.
    #[cfg(test)]
    pub(super) fn follows(&self, library: LibraryId) -> bool {
        self.lines().of.contains_key(&library)
    }

    /// Looks as long as anybody follows anything. That a look breaks off is a bug, and no reason to tell
    /// nobody anything any more: it is begun again, with all that is followed, as it is not known any
    /// more what was late.
    async fn keep_looking(self) {
        let mut late = Vec::new();
        while let Err(broken) = tokio::spawn(self.clone().look_on(late)).await {
            tracing::error!(
                error = &broken as &dyn std::error::Error,
                "looking for news broke off"
            );
            sleep(LOOK_EVERY).await;
            late = self.all();
        }
    }

    /// All that is followed, to be read.
    fn all(&self) -> Vec<Late> {
        let lines = self.lines();
        lines.of.values().map(|line| Late { line: Arc::clone(line), reading: None }).collect()
    }

    /// Looks who has news, as long as anybody follows anything.
    async fn look_on(self, mut late: Vec<Late>) {
        let mut was_hinted = false;
        let mut forgot = Instant::now();
        while self.is_followed() {
            // Whoever waits hears what is written from now on, so that nothing falls between.
            let mut hint = pin!(self.0.news.hint());
            let mut look = pin!(self.look(late));
            let mut is_hinted = false;
            let looked = loop {
                tokio::select! {
                    biased;
                    () = &mut hint, if !is_hinted => is_hinted = true,
                    looked = &mut look => break looked,
                }
            };
            let pause = looked.pause();
            late = looked.late;
            if forgot.elapsed() >= LOOK_EVERY {
                forgot = Instant::now();
                self.forget(forgot);
            }
            sleep(pause).await;
            if !is_hinted {
                let patience = if was_hinted { AGAIN } else { LOOK_EVERY };
                is_hinted = timeout(patience, &mut hint).await.is_ok();
            }
            was_hinted = is_hinted;
        }
    }

    /// Whether anybody follows; else nobody looks from now on.
    fn is_followed(&self) -> bool {
        let mut lines = self.lines();
        lines.is_looked_at = !lines.of.is_empty();
        lines.is_looked_at
    }

    /// Reads on in each library that has news and is followed, and in those that are `late`.
    async fn look(&self, mut late: Vec<Late>) -> Looked {
        // What nobody follows any more, or is gone, is not asked for again and again.
        late.retain(|late| self.is_ours(&late.line));
        let (busy, free): (Vec<Late>, Vec<Late>) = late.into_iter().partition(Late::is_busy);
        let mut looked = Looked { woken: 0, late: busy };
        self.read(free.into_iter().map(|late| late.line).collect(), &mut looked).await;
        loop {
            let mark = self.lines().mark;
            // What is away now is asked again.
            let Ok(news) = self.0.news.stirred_since(mark, NEWS_MAX).await else { break };
            let Some((last, _)) = news.last() else { break };
            let last = *last;
            let stirred = {
                let lines = self.lines();
                let of = news.iter().filter_map(|(_, scope)| lines.of.get(&scope.library));
                of.cloned().collect()
            };
            self.read(stirred, &mut looked).await;
            self.lines().mark = last;
            if news.len() < NEWS_MAX {
                break;
            }
        }
        looked
    }

    /// Whether `line` is the one by which its library is followed.
    fn is_ours(&self, line: &Arc<Line>) -> bool {
        let lines = self.lines();
        lines.of.get(&line.scope().library).is_some_and(|known| Arc::ptr_eq(known, line))
    }

    /// Lets go of messages that were kept long enough.
    fn forget(&self, now: Instant) {
        let lines: Vec<Arc<Line>> = self.lines().of.values().cloned().collect();
        for line in lines {
            line.forget(now);
        }
    }

    /// Reads on in `lines`; what cannot be read now is late. What is late has its turn at the next look.
    async fn read(&self, mut lines: Vec<Arc<Line>>, looked: &mut Looked) {
        lines.retain(|line| !looked.late.iter().any(|late| Arc::ptr_eq(&late.line, line)));
        let reads = stream::iter(lines).map(|line| read_on(line, self.0.doors.clone()));
        let mut reads = pin!(reads.buffer_unordered(READS_MAX));
        while let Some(read) = reads.next().await {
            match read {
                Ok(woken) => looked.woken += woken,
                Err(late) => looked.late.push(late),
            }
        }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads on in `line`, and waits for that, but not for long; how many sockets were woken.
async fn read_on(line: Arc<Line>, doors: Doors) -> Result<usize, Late> {
    let reader = Arc::clone(&line);
    let mut reading = tokio::spawn(async move { reader.read(&doors).await });
    match timeout(READ_MAX, &mut reading).await {
        Ok(Ok(Ok((_, woken)))) => Ok(woken),
        Ok(Ok(Err(fault))) => {
            tracing::debug!(error = &fault as &dyn std::error::Error, "a log was not read");
            Err(Late { line, reading: None })
        }
        Ok(Err(broken)) => {
            tracing::error!(error = &broken as &dyn std::error::Error, "reading a log broke off");
            Err(Late { line, reading: None })
        }
        // It wakes who follows by itself.
        Err(_) => Err(Late { line, reading: Some(reading) }),
    }
}

/// A library that could not be read on to its head.
#[derive(Debug)]
struct Late {
    line: Arc<Line>,
    /// The read that takes so long.
    reading: Option<JoinHandle<Result<(Head, usize), Fault>>>,
}

impl Late {
    /// Whether it is being read still.
    fn is_busy(&self) -> bool {
        self.reading.as_ref().is_some_and(|reading| !reading.is_finished())
    }
}

/// What a look found.
#[derive(Debug, Default)]
struct Looked {
    /// How many sockets there is something for.
    woken: usize,
    /// What could not be read.
    late: Vec<Late>,
}

impl Looked {
    /// How long the next look waits at least.
    fn pause(&self) -> Duration {
        let woken = u32::try_from(self.woken).unwrap_or(u32::MAX);
        PAUSE_EACH.saturating_mul(woken).clamp(PAUSE_MIN, PAUSE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_are_woken_the_longer_the_next_look_waits() {
        let pause = |woken| Looked { woken, late: Vec::new() }.pause();
        assert_eq!([pause(0), pause(1), pause(500)], [PAUSE_MIN; 3]);
        assert_eq!(pause(10_000), Duration::from_millis(100));
        assert_eq!([pause(1_000_000), pause(usize::MAX)], [PAUSE_MAX; 2]);
    }
}
