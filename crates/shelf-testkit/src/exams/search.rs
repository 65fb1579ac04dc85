//! The exam of the search index: its contract line by line, and a naive scorer as the judge of ranks.

pub mod naive;
pub mod samples;

use naive::Naive;
use samples::{Dice, doc, plan, scope};
use shelf_ports::search::{
    Alternative, Filter, Flags, Group, Phrase, Plan, Probe, SearchBatch, SearchIndex, Space,
};

/// Sits the whole exam over an index that may hold other libraries.
pub async fn exam(index: &dyn SearchIndex) {
    what_was_applied_is_found_at_once(index).await;
    a_batch_twice_is_a_batch_once_and_the_later_document_wins(index).await;
    what_is_gone_is_not_found(index).await;
    neighbours_change_nothing(index).await;
    filters_hold(index).await;
    phrases_hold(index).await;
    words_near_a_word_are_known(index).await;
    without_words_the_newest_come_first(index).await;
    a_reset_forgets_everything(index).await;
}

/// A thousand random plans against the naive scorer, in a library of `count` documents that are
/// applied in batches and partly replaced and removed; `settle` after which batches is chance too.
pub async fn ranks_like_the_naive_scorer(index: &dyn SearchIndex, library: u8, count: u32) {
    let (scope, mut dice, mut naive) =
        (scope(library), Dice::new(u64::from(library)), Naive::default());
    let mut seq = 0;
    for start in (1..=count).step_by(97) {
        let docs: Vec<_> =
            (start..(start + 97).min(count + 1)).map(|number| dice.doc(number)).collect();
        let again: Vec<u32> = (0..5).map(|_| 1 + dice.below(start)).collect();
        let again: Vec<_> = again.into_iter().map(|number| dice.doc(number)).collect();
        let gone: Vec<u32> = (0..3).map(|_| 1 + dice.below(start)).collect();
        for batch in [docs, again] {
            seq += 1;
            naive.apply(&batch, &[]);
            index
                .apply(scope, SearchBatch { docs: batch, gone: Vec::new(), seq, after: None })
                .await
                .unwrap();
        }
        seq += 1;
        naive.apply(&[], &gone);
        index.apply(scope, SearchBatch { docs: Vec::new(), gone, seq, after: None }).await.unwrap();
        if dice.below(3) == 0 {
            index.settle().await.unwrap();
        }
    }
    for round in 0..1_000 {
        let plan = dice.plan();
        let (found, expected) = (index.candidates(scope, &plan).await.unwrap(), naive.run(&plan));
        assert_eq!(found.total, expected.total, "total of plan {round}: {plan:?}");
        assert_eq!(found.facets, expected.facets, "facets of plan {round}: {plan:?}");
        assert_eq!(found.candidates.len(), expected.candidates.len());
        for (at, (one, other)) in found.candidates.iter().zip(&expected.candidates).enumerate() {
            let near = (one.score - other.score).abs() < 1e-4;
            assert!(near, "rank {at} of plan {round}: {one:?} is not {other:?} in {plan:?}");
            let same = one.number == other.number;
            let tie = expected
                .candidates
                .iter()
                .any(|c| c.number == one.number && (c.score - one.score).abs() < 1e-4)
                || at + 3 > expected.candidates.len();
            assert!(same || tie, "rank {at} of plan {round}: {one:?} is not {other:?}");
        }
    }
}

fn word(term: &str) -> Group {
    Group { alternatives: vec![Alternative { space: Space::Stem, term: term.into(), weight: 1.0 }] }
}

async fn put(index: &dyn SearchIndex, library: u8, seq: u64, texts: &[(u32, &str)]) {
    let docs = texts.iter().map(|(number, text)| doc(*number, text)).collect();
    index
        .apply(scope(library), SearchBatch { docs, gone: Vec::new(), seq, after: None })
        .await
        .unwrap();
}

async fn numbers(index: &dyn SearchIndex, library: u8, plan: &Plan) -> Vec<u32> {
    let found = index.candidates(scope(library), plan).await.unwrap();
    assert!(found.total >= found.candidates.len() as u64);
    found.candidates.into_iter().map(|candidate| candidate.number).collect()
}

async fn what_was_applied_is_found_at_once(index: &dyn SearchIndex) {
    assert_eq!(index.position(scope(10)).await.unwrap(), 0);
    put(index, 10, 5, &[(1, "alpha beta"), (2, "beta gamma gamma")]).await;
    assert_eq!(index.position(scope(10)).await.unwrap(), 5);
    index.reached(scope(10), 5).await.unwrap();
    assert_eq!(numbers(index, 10, &plan(&["alpha"])).await, [1]);
    index.settle().await.unwrap();
    assert_eq!(numbers(index, 10, &plan(&["alpha"])).await, [1]);
    put(index, 10, 6, &[(3, "alpha alpha")]).await;
    assert_eq!(numbers(index, 10, &plan(&["alpha"])).await, [3, 1]);
}

async fn a_batch_twice_is_a_batch_once_and_the_later_document_wins(index: &dyn SearchIndex) {
    for _ in 0..2 {
        put(index, 11, 3, &[(1, "alpha"), (1, "beta"), (2, "beta beta")]).await;
    }
    let found = index.candidates(scope(11), &plan(&["beta"])).await.unwrap();
    assert_eq!(found.total, 2);
    assert!(numbers(index, 11, &plan(&["alpha"])).await.is_empty());
    put(index, 11, 2, &[(9, "alpha")]).await;
    assert!(
        numbers(index, 11, &plan(&["alpha"])).await.is_empty(),
        "a batch below the position is ignored"
    );
    for (after, seq) in [(2, 4), (4, 4), (0, 3)] {
        let docs = vec![doc(1, "alpha")];
        let batch = SearchBatch { docs, gone: vec![2], seq, after: Some(after) };
        index.apply(scope(11), batch).await.unwrap();
    }
    assert_eq!(index.position(scope(11)).await.unwrap(), 3, "whoever was quicker stays");
    assert!(numbers(index, 11, &plan(&["alpha"])).await.is_empty(), "nothing of it is taken in");
    let gone = SearchBatch { docs: Vec::new(), gone: vec![9], seq: 3, after: Some(3) };
    index.apply(scope(11), gone).await.unwrap();
    index.settle().await.unwrap();
    put(index, 11, 4, &[(2, "delta")]).await;
    assert_eq!(numbers(index, 11, &plan(&["beta"])).await, [1]);
    index.settle().await.unwrap();
    assert_eq!(numbers(index, 11, &plan(&["beta"])).await, [1]);
    assert_eq!(numbers(index, 11, &plan(&["delta"])).await, [2]);
}

async fn what_is_gone_is_not_found(index: &dyn SearchIndex) {
    put(index, 12, 1, &[(1, "alpha"), (2, "alpha")]).await;
    index.settle().await.unwrap();
    let gone = SearchBatch { docs: Vec::new(), gone: vec![1, 77], seq: 2, after: None };
    index.apply(scope(12), gone).await.unwrap();
    for _ in 0..2 {
        assert_eq!(numbers(index, 12, &plan(&["alpha"])).await, [2]);
        assert_eq!(index.vocabulary(scope(12), &[]).await.unwrap().documents, 1);
        index.settle().await.unwrap();
    }
    put(index, 12, 3, &[(1, "alpha")]).await;
    assert_eq!(numbers(index, 12, &plan(&["alpha"])).await.len(), 2, "a number may come back");
}

async fn neighbours_change_nothing(index: &dyn SearchIndex) {
    put(index, 13, 1, &[(1, "alpha beta"), (2, "beta gamma"), (3, "gamma delta delta")]).await;
    let asked = plan(&["beta", "gamma"]);
    let before = index.candidates(scope(13), &asked).await.unwrap();
    for number in 0..40 {
        put(index, 14, u64::from(number) + 1, &[(number, "beta beta gamma omega beta")]).await;
    }
    assert_eq!(index.candidates(scope(13), &asked).await.unwrap(), before);
    index.settle().await.unwrap();
    assert_eq!(index.candidates(scope(13), &asked).await.unwrap(), before);
    let probe = Probe { word: "ome".into(), stems: Vec::new(), prefix: true, typos: 0, limit: 5 };
    let known = index.vocabulary(scope(13), &[probe]).await.unwrap();
    assert!(known.known.iter().all(Vec::is_empty), "a neighbour's words are not known");
}

async fn filters_hold(index: &dyn SearchIndex) {
    let mut docs: Vec<_> = (1..=4).map(|number| doc(number, "alpha")).collect();
    docs[0].labels = vec!["tag:one".into()];
    docs[1].labels = vec!["tag:one".into(), "tag:two".into()];
    docs[2].flags = Flags::UNREAD.with(Flags::PRIVATE);
    docs[3].address = vec!["omega".into()];
    index
        .apply(scope(15), SearchBatch { docs, gone: Vec::new(), seq: 1, after: None })
        .await
        .unwrap();
    let labels = |all: &[&str]| all.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>();
    let in_address = Alternative { space: Space::Address, term: "omega".into(), weight: 1.0 };
    let in_address = vec![Group { alternatives: vec![in_address] }];
    let cases = [
        (Filter { labels: labels(&["tag:one"]), ..Filter::default() }, vec![1, 2]),
        (Filter { labels: labels(&["tag:one", "tag:two"]), ..Filter::default() }, vec![2]),
        (Filter { labels: labels(&["tag:none"]), ..Filter::default() }, vec![]),
        (Filter { without_labels: labels(&["tag:one", "tag:x"]), ..Filter::default() }, vec![3, 4]),
        (
            Filter { any_labels: vec![labels(&["tag:two", "tag:none"])], ..Filter::default() },
            vec![2],
        ),
        (Filter { any_labels: vec![labels(&["tag:none"])], ..Filter::default() }, vec![]),
        (
            Filter {
                any_labels: vec![labels(&["tag:one"]), labels(&["tag:one", "tag:two"])],
                ..Filter::default()
            },
            vec![1, 2],
        ),
        (Filter { flags: Flags::UNREAD, ..Filter::default() }, vec![3]),
        (
            Filter { without_flags: Flags::UNREAD.with(Flags::ARCHIVED), ..Filter::default() },
            vec![1, 2, 4],
        ),
        (Filter { from_ms: Some(2_000), until_ms: Some(4_000), ..Filter::default() }, vec![2, 3]),
        (Filter { groups: in_address.clone(), ..Filter::default() }, vec![4]),
        (Filter { without_groups: in_address, ..Filter::default() }, vec![1, 2, 3]),
    ];
    for _ in 0..2 {
        for (filter, expected) in &cases {
            let mut found =
                numbers(index, 15, &Plan { filter: filter.clone(), ..plan(&["alpha"]) }).await;
            found.sort_unstable();
            assert_eq!(found, *expected, "{filter:?}");
        }
        index.settle().await.unwrap();
    }
}

async fn phrases_hold(index: &dyn SearchIndex) {
    put(index, 16, 1, &[(1, "alpha beta gamma"), (2, "beta alpha gamma"), (3, "alpha x beta")])
        .await;
    let phrase = |text: &str| Phrase(text.split(' ').map(str::to_owned).collect());
    for _ in 0..2 {
        let with = Filter { phrases: vec![phrase("alpha beta")], ..Filter::default() };
        let asked = Plan { filter: with, ..plan(&["alpha", "beta"]) };
        assert_eq!(numbers(index, 16, &asked).await, [1]);
        let without =
            Filter { without_phrases: vec![phrase("alpha beta gamma")], ..Filter::default() };
        let asked = Plan { filter: without, ..plan(&["alpha"]) };
        assert_eq!(numbers(index, 16, &asked).await.len(), 2);
        index.settle().await.unwrap();
    }
}

async fn words_near_a_word_are_known(index: &dyn SearchIndex) {
    put(index, 17, 1, &[(1, "database databases"), (2, "database dative"), (3, "receive")]).await;
    for _ in 0..2 {
        let probe = |word: &str, prefix: bool, typos: u8| Probe {
            word: word.into(),
            stems: Vec::new(),
            prefix,
            typos,
            limit: 5,
        };
        let probes = [
            probe("dat", true, 0),
            probe("recieve", false, 1),
            probe("database", true, 2),
            probe("zzzz", true, 1),
            probe("databqsee", false, 2),
            probe("xatabqse", false, 2),
        ];
        let known = index.vocabulary(scope(17), &probes).await.unwrap();
        let words =
            |at: usize| known.known[at].iter().map(|one| one.word.as_str()).collect::<Vec<_>>();
        assert_eq!(words(0), ["database", "databases", "dative"]);
        assert_eq!(words(1), ["receive"]);
        assert_eq!(known.known[1][0].typos, 1, "two letters that changed places are one mistake");
        assert_eq!(words(2), ["database", "databases"], "a known word has no typing mistake");
        assert!(words(3).is_empty());
        assert_eq!(words(4), ["database", "databases"], "both are two slips away");
        assert!(words(5).is_empty(), "the first letter is taken as meant where two slips are");
        assert_eq!(known.documents, 3);
        let stemmed = Probe { stems: vec!["receive".into()], ..probe("receives", false, 2) };
        assert!(index.vocabulary(scope(17), &[stemmed]).await.unwrap().known[0].is_empty());
        index.settle().await.unwrap();
    }
}

async fn without_words_the_newest_come_first(index: &dyn SearchIndex) {
    put(index, 18, 1, &[(3, "alpha"), (1, "beta"), (2, "gamma")]).await;
    assert_eq!(numbers(index, 18, &plan(&[])).await, [3, 2, 1]);
    assert_eq!(numbers(index, 18, &Plan { limit: 2, ..plan(&[]) }).await, [3, 2]);
    assert!(numbers(index, 18, &Plan { groups: vec![word("none")], ..plan(&[]) }).await.is_empty());
}

async fn a_reset_forgets_everything(index: &dyn SearchIndex) {
    put(index, 19, 7, &[(1, "alpha"), (2, "alpha")]).await;
    index.settle().await.unwrap();
    put(index, 19, 8, &[(3, "alpha")]).await;
    index.reset(scope(19)).await.unwrap();
    assert_eq!(index.position(scope(19)).await.unwrap(), 0);
    assert!(numbers(index, 19, &plan(&["alpha"])).await.is_empty());
    put(index, 19, 1, &[(2, "alpha")]).await;
    assert_eq!(numbers(index, 19, &plan(&["alpha"])).await, [2]);
}
