//! What random devices and callers do: small pools of ids, addresses and names, so that they meet.

use proptest::prelude::*;
use shelf_domain::id::{DeviceId, ItemId};

/// Devices that edit offline and push.
pub(crate) const DEVICES: u8 = 4;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A device edits what it sees; the change waits in its queue.
    Edit { who: u8, what: Recipe },
    /// A device pushes; if `deaf`, the answer never reaches it.
    Push { who: u8, count: u8, deaf: bool },
    /// A device pulls.
    Pull { who: u8, count: u8 },
    /// A caller acts on the server directly.
    Rest(Rest),
    /// Time goes by, in milliseconds.
    Wait(u16),
}

/// A change a device makes. Small numbers index the pools.
#[derive(Clone, Debug)]
pub(crate) enum Recipe {
    Bookmark { id: u8, url: Option<u8>, title: bool, flag: Option<bool>, texts: Texts },
    Tagged { id: u8, tag: u8, on: bool },
    Tag { id: u8, name: Option<u8>, colour: bool },
    Folder { id: u8, parent: Where, texts: Texts },
    Place { id: u8, bookmark: u8, parent: Option<u8> },
    Mark { id: u8, bookmark: u8, texts: Texts },
    Note { id: u8, texts: Texts },
    Trash { any: u8, on: bool },
    Settle { any: u8 },
    Odd { id: u8, odd: u8 },
}

/// Where a folder goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Where {
    Stays,
    Root,
    Into(u8),
}

/// Which long texts a recipe types; every typed text is one of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Texts {
    None,
    First,
    Both,
    Cleared,
}

/// What a caller asks of the server.
#[derive(Clone, Debug)]
pub(crate) enum Rest {
    Save { url: u8, tag: Option<u8>, parent: Option<u8>, notes: bool },
    Edit { id: u8, url: Option<u8>, notes: bool, tag: Option<u8> },
    Rename { tag: u8, name: u8 },
    Move { folder: u8, parent: Option<u8> },
    Trash { any: u8 },
    Restore { any: u8 },
    Purge { any: u8 },
    Undo { act: u8 },
}

/// The pools: ids 0..4 are bookmarks, then tags, folders, places, marks, notes.
pub(crate) const POOL: [(u8, u8); 6] = [(0, 4), (10, 3), (20, 4), (30, 4), (40, 2), (50, 2)];

/// The id with this small number.
pub(crate) fn id(at: u8) -> ItemId {
    let mut bytes = [0_u8; 16];
    bytes[6] = 0x70;
    bytes[8] = 0x80;
    bytes[15] = at;
    ItemId::from_bytes(bytes)
}

/// The id of the `at`-th of a pool.
pub(crate) fn of_pool(pool: usize, at: u8) -> ItemId {
    let (first, count) = POOL[pool];
    id(first + at % count)
}

/// Any id of any pool.
pub(crate) fn any_of_pools(at: u8) -> ItemId {
    let all: Vec<u8> = POOL.iter().flat_map(|(first, count)| *first..first + count).collect();
    id(all[usize::from(at) % all.len()])
}

/// The device with this small number; 0xaa is the REST grant, 0xbb the keeper.
pub(crate) fn device(at: u8) -> DeviceId {
    DeviceId::from_bytes([0xd0 | (at & 0x0f); 16])
}

/// Addresses: the third is the first in another dress.
pub(crate) const URLS: [&str; 4] = [
    "https://a.example/one",
    "https://b.example/?q=2",
    "HTTPS://A.example:443/one/?utm_source=x",
    "about:blank",
];

/// Tag names: the second is the first in another dress.
pub(crate) const NAMES: [&str; 3] = ["Rust lang", " rust  LANG", "Käse"];

fn texts() -> impl Strategy<Value = Texts> {
    prop_oneof![
        2 => Just(Texts::None),
        3 => Just(Texts::First),
        1 => Just(Texts::Both),
        1 => Just(Texts::Cleared),
    ]
}

fn somewhere() -> impl Strategy<Value = Where> {
    prop_oneof![Just(Where::Stays), Just(Where::Root), (0..4_u8).prop_map(Where::Into)]
}

fn some(most: u8) -> impl Strategy<Value = Option<u8>> {
    prop::option::of(0..most)
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let flag = prop::option::of(any::<bool>());
    prop_oneof![
        6 => (0..4_u8, some(4), any::<bool>(), flag, texts()).prop_map(|(id, url, title, flag, texts)| {
            Recipe::Bookmark { id, url, title, flag, texts }
        }),
        3 => (0..4_u8, 0..3_u8, any::<bool>()).prop_map(|(id, tag, on)| Recipe::Tagged { id, tag, on }),
        3 => (0..3_u8, some(3), any::<bool>()).prop_map(|(id, name, colour)| Recipe::Tag { id, name, colour }),
        4 => (0..4_u8, somewhere(), texts())
            .prop_map(|(id, parent, texts)| Recipe::Folder { id, parent, texts }),
        2 => (0..4_u8, 0..4_u8, some(4)).prop_map(|(id, bookmark, parent)| Recipe::Place { id, bookmark, parent }),
        1 => (0..2_u8, 0..4_u8, texts()).prop_map(|(id, bookmark, texts)| Recipe::Mark { id, bookmark, texts }),
        2 => (0..2_u8, texts()).prop_map(|(id, texts)| Recipe::Note { id, texts }),
        2 => (0..20_u8, any::<bool>()).prop_map(|(any, on)| Recipe::Trash { any, on }),
        1 => (0..20_u8).prop_map(|any| Recipe::Settle { any }),
        1 => (0..4_u8, 0..6_u8).prop_map(|(id, odd)| Recipe::Odd { id, odd }),
    ]
}

fn rest() -> impl Strategy<Value = Rest> {
    prop_oneof![
        3 => (0..4_u8, some(3), some(4), any::<bool>())
            .prop_map(|(url, tag, parent, notes)| Rest::Save { url, tag, parent, notes }),
        3 => (0..4_u8, some(4), any::<bool>(), some(3))
            .prop_map(|(id, url, notes, tag)| Rest::Edit { id, url, notes, tag }),
        1 => (0..3_u8, 0..3_u8).prop_map(|(tag, name)| Rest::Rename { tag, name }),
        2 => (0..4_u8, some(4)).prop_map(|(folder, parent)| Rest::Move { folder, parent }),
        2 => (0..20_u8).prop_map(|any| Rest::Trash { any }),
        1 => (0..20_u8).prop_map(|any| Rest::Restore { any }),
        1 => (0..20_u8).prop_map(|any| Rest::Purge { any }),
        1 => any::<u8>().prop_map(|act| Rest::Undo { act }),
    ]
}

/// One random step.
pub(crate) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (0..DEVICES, recipe()).prop_map(|(who, what)| Step::Edit { who, what }),
        4 => (0..DEVICES, 1..5_u8, prop::bool::weighted(0.2))
            .prop_map(|(who, count, deaf)| Step::Push { who, count, deaf }),
        3 => (0..DEVICES, 1..30_u8).prop_map(|(who, count)| Step::Pull { who, count }),
        4 => rest().prop_map(Step::Rest),
        1 => (0..u16::MAX).prop_map(Step::Wait),
    ]
}

/// Edits of devices alone.
pub(crate) fn edits(most: usize) -> impl Strategy<Value = Vec<(u8, Recipe)>> {
    prop::collection::vec((0..DEVICES, recipe()), 1..most)
}

/// A random story.
pub(crate) fn story() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..48)
}

/// How wrong the clock of each device is, in milliseconds: by seconds, days or years, either way.
pub(crate) fn skews() -> impl Strategy<Value = [i64; DEVICES as usize]> {
    const DAYS: i64 = 2 * 86_400_000;
    const YEARS: i64 = 3_652 * 86_400_000;
    prop::array::uniform4(prop_oneof![
        2 => Just(0),
        2 => -DAYS..DAYS,
        2 => -90_000..90_000_i64,
        1 => -YEARS..YEARS,
    ])
}

/// Random cases of each law, unless `MINDSHELF_CASES` says how many.
const CASES: u32 = 256;
/// The same of laws about what replicas and the log end with, where `CI` is `true`.
const CONVERGENCE_IN_CI: u32 = 20_000;
/// The same of the other laws.
const OTHERS_IN_CI: u32 = 2_000;

#[expect(clippy::disallowed_methods, reason = "a test binary has no settings but these")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The number that the variable `name` says.
pub(crate) fn number<T: std::str::FromStr>(name: &str) -> Option<T> {
    variable(name).and_then(|text| text.parse().ok())
}

fn cases_of(in_ci: u32) -> ProptestConfig {
    let usual = if variable("CI").as_deref() == Some("true") { in_ci } else { CASES };
    ProptestConfig {
        cases: number("MINDSHELF_CASES").unwrap_or(usual),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

/// The random cases of a law about what replicas and the log end with.
pub(crate) fn convergence() -> ProptestConfig {
    cases_of(CONVERGENCE_IN_CI)
}

/// The random cases of any other law.
pub(crate) fn cases() -> ProptestConfig {
    cases_of(OTHERS_IN_CI)
}
