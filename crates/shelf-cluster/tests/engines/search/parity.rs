//! Both adapters answer alike: the same library, asked the same.

use super::ground::{Shared, apply, docs};
use shelf_embedded::search::EmbeddedSearch;
use shelf_ports::search::{
    Alternative, Candidate, Found, Group, Plan, Probe, SearchDoc, SearchIndex, Space,
};
use shelf_testkit::exams::search::samples::{Dice, scope};

/// How far two ways of computing one score may be apart.
const ROUNDING: f32 = 1e-5;
/// The word that every document holds.
const EVERYWHERE: &str = "everywhere";
/// Ranks that are compared one by one.
const TOP: usize = 10;

/// Two indexes of the same library.
struct Pair {
    shared: Shared,
    here: EmbeddedSearch,
    there: shelf_cluster::qdrant::QdrantSearch,
    _dir: tempfile::TempDir,
}

impl Pair {
    /// A library of `count` documents, some replaced and some removed again. All hold one word.
    async fn of(library: u8, dice: &mut Dice, count: u32) -> Option<Self> {
        let shared = Shared::one().await?;
        let dir = tempfile::tempdir().unwrap();
        let here = EmbeddedSearch::open(dir.path(), "1").unwrap();
        let there = shared.index("1").await;
        let mut all = docs(dice, 1..=count);
        let again: Vec<u32> = (0..count / 9).map(|_| dice.below(count) + 1).collect();
        let mut again: Vec<SearchDoc> = again.into_iter().map(|number| dice.doc(number)).collect();
        for doc in all.iter_mut().chain(&mut again) {
            doc.stems.push((EVERYWHERE.into(), 1 + doc.number % 7));
        }
        let gone: Vec<u32> = (0..count / 20).map(|_| dice.below(count) + 1).collect();
        for index in [&here as &dyn SearchIndex, &there] {
            let mut seq = 0;
            for some in all.chunks(1_500).chain([again.as_slice()]) {
                seq += 1;
                apply(index, library, some.to_vec(), vec![], seq).await;
            }
            apply(index, library, vec![], gone.clone(), seq + 1).await;
        }
        Some(Self { shared, here, there, _dir: dir })
    }

    async fn ask(&self, library: u8, plan: &Plan) -> (Found, Found) {
        let here = self.here.candidates(scope(library), plan).await.unwrap();
        let there = self.there.candidates(scope(library), plan).await.unwrap();
        assert_eq!(here.seq, there.seq);
        (here, there)
    }
}

/// Both hold the same candidates, up to such as score like the last one.
fn same_set(here: &[Candidate], there: &[Candidate]) -> bool {
    let last = here.last().map_or(0.0, |one| one.score);
    let firm = |all: &[Candidate]| {
        let firm = all.iter().filter(|one| one.score > last + ROUNDING);
        let mut numbers: Vec<u32> = firm.map(|one| one.number).collect();
        numbers.sort_unstable();
        numbers
    };
    here.len() == there.len() && firm(here) == firm(there)
}

/// The first of both are the same, rank by rank, up to equal scores.
fn same_top(here: &[Candidate], there: &[Candidate]) -> bool {
    here.iter().zip(there).take(TOP).all(|(one, other)| {
        let same = here.iter().any(|h| {
            h.number == other.number
                && (h.words - other.words).abs() < ROUNDING
                && (h.meaning - other.meaning).abs() < ROUNDING
                && (h.item, h.created_at_ms) == (other.item, other.created_at_ms)
        });
        (one.score - other.score).abs() < ROUNDING && (same || here.len() > TOP)
    })
}

#[tokio::test]
async fn both_adapters_answer_a_search_alike() {
    let mut dice = Dice::new(51);
    let Some(pair) = Pair::of(51, &mut dice, 2_000).await else { return };
    for round in 0..400 {
        let plan = Plan { limit: 50, ..dice.plan() };
        let (here, there) = pair.ask(51, &plan).await;
        assert_eq!(here.total, there.total, "plan {round}: {plan:?}");
        assert_eq!(here.facets, there.facets, "plan {round}: {plan:?}");
        let (one, other) = (&here.candidates, &there.candidates);
        assert!(same_set(one, other), "plan {round}: {one:?} is not {other:?} by {plan:?}");
        assert!(same_top(one, other), "plan {round}: {one:?} is not {other:?} by {plan:?}");
    }
    pair.shared.end().await;
}

#[tokio::test]
async fn both_adapters_know_the_same_words() {
    let mut dice = Dice::new(52);
    let Some(pair) = Pair::of(52, &mut dice, 800).await else { return };
    // Counts of the embedded index are about right until it has settled.
    pair.here.settle().await.unwrap();
    let probe = |word: &str, prefix: bool, typos: u8| Probe {
        word: word.into(),
        stems: vec![word.into()],
        prefix,
        typos,
        limit: 8,
    };
    let mut probes = Vec::new();
    for word in ["w1", "w", "w119", "q1", "w11q", "1w", "ww1", "w1234", "zebra", "", "ö"] {
        for (prefix, typos) in [(false, 0), (true, 0), (false, 1), (false, 2), (true, 1), (true, 2)]
        {
            probes.push(probe(word, prefix, typos));
        }
    }
    let here = pair.here.vocabulary(scope(52), &probes).await.unwrap();
    let there = pair.there.vocabulary(scope(52), &probes).await.unwrap();
    assert_eq!((here.documents, here.length_mean), (there.documents, there.length_mean));
    assert_eq!(here.languages, there.languages);
    for (at, probe) in probes.iter().enumerate() {
        let words = |of: &shelf_ports::search::Vocabulary| {
            of.known[at].iter().map(|one| (one.word.clone(), one.typos)).collect::<Vec<_>>()
        };
        assert_eq!(words(&here), words(&there), "{probe:?}");
    }
    pair.shared.end().await;
}

#[tokio::test]
async fn a_large_library_is_searched_by_words_alike_and_by_meaning_nearly() {
    let mut dice = Dice::new(53);
    let Some(pair) = Pair::of(53, &mut dice, 9_000).await else { return };
    let (mut asked, mut met) = (0, 0);
    for round in 0..120 {
        let mut plan = Plan { limit: 50, ..dice.plan() };
        if round % 2 == 0 {
            plan.vector = None;
        }
        if round % 3 == 0 {
            // A word of so many documents that they are listed in ranges.
            let term = EVERYWHERE.to_owned();
            let one = Alternative { space: Space::Stem, term, weight: 0.7 };
            plan.groups.push(Group { alternatives: vec![one] });
        }
        let (here, there) = pair.ask(53, &plan).await;
        let (one, other) = (&here.candidates, &there.candidates);
        if plan.vector.is_none() || plan.ranking.meaning == 0.0 {
            assert_eq!(here.total, there.total, "plan {round}: {plan:?}");
            assert!(same_set(one, other), "plan {round}: {one:?} is not {other:?} by {plan:?}");
            assert!(same_top(one, other), "plan {round}: {one:?} is not {other:?} by {plan:?}");
            continue;
        }
        let best = one.len().min(TOP);
        let last = one.iter().take(best).next_back().map_or(0.0, |last| last.score);
        asked += best;
        met += other.iter().take(best).filter(|other| other.score >= last - ROUNDING).count();
    }
    println!("of {asked} best ones of the embedded index {met} are as good on Qdrant");
    assert!(met * 100 >= asked * 95, "{met} of {asked}");
    pair.shared.end().await;
}
