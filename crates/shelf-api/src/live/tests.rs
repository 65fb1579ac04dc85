//! That a library is read once for all who follow it, and what becomes of those who are slow or late.

use super::followed::{Due, Followed, Read};
use super::frame::Frame;
use super::line::ROWS_MAX;
use super::sharing::Sharing;
use async_trait::async_trait;
use shelf_domain::change::{Change, Head};
use shelf_domain::id::{LibraryId, Scope};
use shelf_domain::stamp::Seq;
use shelf_embedded::{DirectoryBlobs, Embedded};
use shelf_ports::Fault;
use shelf_ports::library::{Library, Over};
use shelf_ports::news::{Mark, News};
use shelf_ports::usage::AnyRoom;
use shelf_sync::{Cursor, Doors};
use shelf_testkit::{Desk, FakeClock, SeededChance};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::Notify;

/// How long something may take.
const SOON: Duration = Duration::from_secs(20);

/// A library that counts how often its log is read.
#[derive(Debug)]
struct Counting {
    inner: Arc<Embedded>,
    heads: AtomicUsize,
    reads: AtomicUsize,
    /// Where the log stands is not said as long as this is the library.
    stuck: Mutex<Option<LibraryId>>,
    /// Nobody is told where the log of this library stands.
    away: Mutex<Option<LibraryId>>,
    /// How often it was asked for.
    missed: AtomicUsize,
    /// How often the log began anew.
    epochs: AtomicU32,
    /// From here on its rows cannot be read.
    torn_at: AtomicU64,
}

impl Counting {
    fn is_stuck(&self, scope: Scope) -> bool {
        *self.stuck.lock().unwrap() == Some(scope.library)
    }
}

#[async_trait]
impl Over for Counting {
    fn inner(&self) -> &dyn Library {
        &*self.inner
    }

    async fn head(&self, scope: Scope) -> Result<Head, Fault> {
        self.heads.fetch_add(1, Ordering::Relaxed);
        while self.is_stuck(scope) {
            tokio::task::yield_now().await;
        }
        if *self.away.lock().unwrap() == Some(scope.library) {
            self.missed.fetch_add(1, Ordering::Relaxed);
            return Err(Fault::new("asking where a log stands", "it is away"));
        }
        let head = self.inner.head(scope).await?;
        Ok(Head { epoch: head.epoch + self.epochs.load(Ordering::Relaxed), ..head })
    }

    async fn changes(&self, scope: Scope, after: Seq, limit: usize) -> Result<Vec<Change>, Fault> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if after >= self.torn_at.load(Ordering::Relaxed) {
            return Err(Fault::new("reading a log", "it is away"));
        }
        self.inner.changes(scope, after, limit).await
    }
}

/// News, of which a question can be what breaks whoever asks.
#[derive(Debug)]
struct Breaking {
    inner: Arc<Embedded>,
    breaks: AtomicBool,
}

#[async_trait]
impl News for Breaking {
    async fn stirred_since(&self, mark: Mark, limit: usize) -> Result<Vec<(Mark, Scope)>, Fault> {
        assert!(!self.breaks.swap(false, Ordering::Relaxed), "a question that breaks who asks");
        self.inner.stirred_since(mark, limit).await
    }

    async fn hint(&self) {
        self.inner.hint().await;
    }
}

/// A library with somebody who writes, and what sockets share.
struct Room {
    news: Arc<Breaking>,
    store: Arc<Embedded>,
    library: Arc<Counting>,
    desk: Desk,
    sharing: Sharing,
    _dir: TempDir,
}

impl Room {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Embedded::open(dir.path()).unwrap());
        let library = Arc::new(Counting {
            inner: store.clone(),
            heads: AtomicUsize::default(),
            reads: AtomicUsize::default(),
            stuck: Mutex::default(),
            away: Mutex::default(),
            missed: AtomicUsize::default(),
            epochs: AtomicU32::default(),
            torn_at: AtomicU64::new(Seq::MAX),
        });
        let desk = Desk::new(&*store, 1).await;
        let doors = Doors {
            library: library.clone(),
            replicas: store.clone(),
            views: store.clone(),
            blobs: Arc::new(DirectoryBlobs::open(&dir.path().join("blobs")).unwrap()),
            accounts: store.clone(),
            rooms: Arc::new(AnyRoom),
            clock: Arc::new(FakeClock::default()),
            chance: Arc::new(SeededChance::default()),
        };
        let news = Arc::new(Breaking { inner: store.clone(), breaks: AtomicBool::default() });
        let sharing = Sharing::new(doors, news.clone());
        Self { news, store, library, desk, sharing, _dir: dir }
    }

    /// Somebody who follows, from `cursor` or from the head, and what wakes them.
    async fn joined(&self, cursor: Option<Seq>) -> (Followed, Arc<Notify>) {
        let library = self.desk.scope.library;
        let epoch = self.store.head(self.desk.scope).await.unwrap().epoch;
        let cursor = cursor.map(|seq| Cursor { epoch, seq }.text(library));
        self.joined_in(self.desk.scope, cursor.as_deref()).await
    }

    async fn joined_in(&self, scope: Scope, cursor: Option<&str>) -> (Followed, Arc<Notify>) {
        let bell = Arc::default();
        let begun = Followed::begin(&self.sharing, scope, cursor, &bell).await;
        (begun.ok().unwrap().0.unwrap(), bell)
    }

    async fn saved(&self, number: usize) {
        let url = format!("https://told.example/{number}");
        self.desk.save_url(&*self.store, &url).await;
    }
}

/// Waits until there is something to do.
async fn woken(followed: &Followed, bell: &Notify) {
    while followed.due().is_none() {
        tokio::time::timeout(SOON, bell.notified()).await.unwrap();
    }
}

/// What is read for one alone, and told.
async fn read(room: &Room, followed: &mut Followed) -> Vec<Frame> {
    let read = followed.read(room.sharing.doors()).await;
    let Ok(Read::Rows(frames)) = read else { unreachable!("the log leads on") };
    for frame in &frames {
        followed.has_read(frame.to);
    }
    frames
}

/// What there is to tell.
fn frame(followed: &Followed) -> Frame {
    match followed.due() {
        Some(Due::Tell(frame)) => frame,
        other => unreachable!("there was something to tell: {other:?}"),
    }
}

#[tokio::test]
async fn a_library_is_read_once_for_a_hundred_who_follow_it() {
    let room = Room::new().await;
    let mut all = Vec::new();
    for _ in 0..100 {
        all.push(room.joined(None).await);
    }
    room.library.heads.store(0, Ordering::Relaxed);
    room.library.reads.store(0, Ordering::Relaxed);
    room.saved(1).await;
    for (_, bell) in &all {
        tokio::time::timeout(SOON, bell.notified()).await.unwrap();
    }
    let first = frame(&all[0].0);
    for (followed, _) in &mut all {
        let told = frame(followed);
        assert_eq!(told, first);
        assert_eq!(told.text.as_ptr(), first.text.as_ptr(), "the same bytes, not alike ones");
        followed.took(&told);
        assert_eq!(followed.due(), None, "then they are level");
    }
    assert_eq!(room.library.reads.load(Ordering::Relaxed), 1, "read once");
    let heads = room.library.heads.load(Ordering::Relaxed);
    assert!(heads <= 3, "and looked at a few times, not by each: {heads}");
}

#[tokio::test]
async fn who_is_slow_is_told_to_pull_and_who_comes_late_is_read_for_until_they_are_level() {
    let room = Room::new().await;
    let (slow, _) = room.joined(None).await;
    let (mut quick, bell) = room.joined(None).await;
    let mut at = 0;
    for number in 0..300 {
        room.saved(number).await;
        while quick.due().is_none() {
            tokio::time::timeout(SOON, bell.notified()).await.unwrap();
        }
        while quick.due().is_some() {
            let told = frame(&quick);
            assert_eq!(told.from, at, "without a gap");
            at = told.to;
            quick.took(&told);
        }
    }
    assert_eq!(slow.due(), Some(Due::Poke(at)), "what it missed is kept no longer");
    let (mut late, _) = room.joined(Some(0)).await;
    assert_eq!(late.due(), Some(Due::Read), "what is kept begins later");
    let mut came = 0;
    while let Some(due) = late.due() {
        let frames = match due {
            Due::Tell(frame) => {
                late.took(&frame);
                vec![frame]
            }
            _ => read(&room, &mut late).await,
        };
        for told in frames {
            assert_eq!(told.from, came, "without a gap");
            came = told.to;
        }
    }
    assert_eq!(came, at);
    room.saved(300).await;
    while late.due().is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(frame(&late), frame(&quick), "from then on it is told what all are told");
}

#[tokio::test]
async fn a_line_is_let_go_with_the_last_who_followed_it() {
    let room = Room::new().await;
    let (one, _) = room.joined(None).await;
    let (two, _) = room.joined(None).await;
    assert!(room.sharing.follows(room.desk.scope.library));
    drop(one);
    assert!(room.sharing.follows(room.desk.scope.library));
    drop(two);
    assert!(!room.sharing.follows(room.desk.scope.library));
}

#[tokio::test]
async fn a_library_that_is_slow_to_read_keeps_no_other_one_waiting() {
    let room = Room::new().await;
    let other = Desk::new(&*room.store, 2).await;
    let (slow, woken) = room.joined(None).await;
    let (quick, bell) = room.joined_in(other.scope, None).await;
    *room.library.stuck.lock().unwrap() = Some(room.desk.scope.library);
    room.library.heads.store(0, Ordering::Relaxed);
    room.saved(1).await;
    let stuck = async {
        while room.library.heads.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, stuck).await.unwrap();
    for number in 0..3 {
        other.save_url(&*room.store, &format!("https://other.example/{number}")).await;
    }
    let told = async {
        while quick.due().is_none() {
            bell.notified().await;
        }
    };
    tokio::time::timeout(SOON / 4, told).await.expect("the other library has news");
    assert_eq!(slow.due(), None, "of this one nothing is known yet");
    *room.library.stuck.lock().unwrap() = None;
    let told = async {
        while slow.due().is_none() {
            woken.notified().await;
        }
    };
    tokio::time::timeout(SOON, told).await.expect("and it is told as soon as it can be read");
}

#[tokio::test]
async fn what_cannot_be_read_and_nobody_follows_any_more_is_let_be() {
    let room = Room::new().await;
    let other = Desk::new(&*room.store, 2).await;
    let (mut stays, bell) = room.joined_in(other.scope, None).await;
    let (one, _) = room.joined(None).await;
    *room.library.away.lock().unwrap() = Some(room.desk.scope.library);
    room.saved(1).await;
    let asked = || room.library.missed.load(Ordering::Relaxed);
    let again = async {
        while asked() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, again).await.expect("it is tried again while somebody follows");
    drop(one);
    let before = asked();
    // Each of these is told by a look of its own.
    for number in 0..4 {
        other.save_url(&*room.store, &format!("https://other.example/{number}")).await;
        let told = async {
            loop {
                if let Some(Due::Tell(frame)) = stays.due() {
                    break stays.took(&frame);
                }
                bell.notified().await;
            }
        };
        tokio::time::timeout(SOON, told).await.expect("the other library has news");
    }
    assert!(asked() <= before + 1, "only a look that was under way asked once more");
}

#[tokio::test]
async fn where_the_log_begins_anew_who_follows_is_told_so_and_who_comes_then_is_told_on() {
    let room = Room::new().await;
    let (mut before, bell) = room.joined(None).await;
    room.saved(1).await;
    woken(&before, &bell).await;
    let told = frame(&before);
    before.took(&told);
    room.library.epochs.store(1, Ordering::Relaxed);
    room.saved(2).await;
    woken(&before, &bell).await;
    assert_eq!(before.due(), Some(Due::Read), "what it has leads nowhere");
    let read = before.read(room.sharing.doors()).await;
    let Ok(Read::Reset(reset)) = read else { unreachable!("it starts again") };
    assert_eq!(reset["reset"]["why"], "epoch");
    let (mut late, bell) = room.joined(None).await;
    room.saved(3).await;
    woken(&late, &bell).await;
    let told = frame(&late);
    late.took(&told);
    assert_eq!(late.due(), None, "and level");
}

/// Waits until it is so.
async fn until(is_so: impl Fn() -> bool + Send + Sync) {
    let waits = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, waits).await.unwrap();
}

#[tokio::test]
async fn a_look_that_breaks_off_is_begun_again_and_what_was_late_is_not_forgotten() {
    let room = Room::new().await;
    let (followed, bell) = room.joined(None).await;
    *room.library.away.lock().unwrap() = Some(room.desk.scope.library);
    room.saved(1).await;
    until(|| room.library.missed.load(Ordering::Relaxed) > 0).await;
    room.news.breaks.store(true, Ordering::Relaxed);
    until(|| !room.news.breaks.load(Ordering::Relaxed)).await;
    *room.library.away.lock().unwrap() = None;
    woken(&followed, &bell).await;
    assert!(matches!(followed.due(), Some(Due::Tell(_))), "what was written before is told");
}

#[tokio::test]
async fn rows_that_were_read_are_told_although_the_next_ones_cannot_be() {
    let room = Room::new().await;
    let (followed, bell) = room.joined(None).await;
    let before = room.store.head(room.desk.scope).await.unwrap().seq;
    let page = Seq::try_from(ROWS_MAX).unwrap();
    *room.library.stuck.lock().unwrap() = Some(room.desk.scope.library);
    for number in 0..=ROWS_MAX {
        room.saved(number).await;
    }
    room.library.torn_at.store(before + page, Ordering::Relaxed);
    *room.library.stuck.lock().unwrap() = None;
    woken(&followed, &bell).await;
    assert_eq!(frame(&followed).from, before, "the first page is told");
}
