//! What a search costs while Qdrant is away, told by libraries of rising size.

use super::away::away;
use super::ground::{Shared, apply};
use shelf_ports::search::{Plan, SearchDoc, SearchIndex};
use shelf_testkit::exams::search::samples::{Dice, doc, plan, scope};
use tokio::time::Instant;

/// Documents that are applied, and words of each; the vocabulary has twenty thousand.
const DOCS: u32 = 1_000;
const WORDS: u32 = 60;

/// The library again and again: the same words under new numbers.
const COPY: &str = "
    INSERT INTO search_docs SELECT library, number + {size} * nth, point + 1000 * {size} * nth, item,
        created_at + nth, length, flags, labels, packed, embedding
    FROM search_docs, generate_series(1, {times} - 1) AS nth;
    UPDATE search_heads SET documents = {times} * documents WHERE documents > 0;
    ANALYZE search_docs;";

fn text(dice: &mut Dice) -> String {
    let word = |dice: &mut Dice| {
        let most = 1 + dice.below(20_000);
        let most = 1 + dice.below(most);
        format!("w{}", dice.below(most))
    };
    (0..WORDS).map(|_| word(dice)).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_walk_finds_all_of_a_library() {
    let Some(shared) = Shared::one().await else { return };
    let mut dice = Dice::new(99);
    let made = (1..=DOCS).map(|number| {
        let doc = doc(number, &text(&mut dice));
        let chance = dice.doc(number);
        SearchDoc { labels: chance.labels, vector: chance.vector, ..doc }
    });
    let made: Vec<SearchDoc> = made.collect();
    apply(&shared.index("1").await, 1, made, vec![], 1).await;
    let (admin, away) = (shared.admin().await, away(&shared).await);
    let mut asked = Plan { limit: 20, facets: 12, ..plan(&["w0", "w900", "w33"]) };
    let few = away.candidates(scope(1), &asked).await.unwrap().total;
    assert!(few > 0);
    let mut documents = u64::from(DOCS);
    for times in [1, 10, 5] {
        let copy = COPY.replace("{times}", &times.to_string());
        let copy = copy.replace("{size}", &documents.to_string());
        admin.batch_execute(&copy).await.unwrap();
        documents *= times;
        asked.vector = None;
        let found = away.candidates(scope(1), &asked).await.unwrap();
        assert_eq!(found.newest_only, None);
        assert_eq!(found.total, few * documents / u64::from(DOCS), "all are found");
        asked.vector = dice.doc(1).vector.or(asked.vector);
        asked.ranking.meaning = 0.5;
        let began = Instant::now();
        let found = away.candidates(scope(1), &asked).await.unwrap();
        let took = began.elapsed();
        eprintln!("{} of {documents} found by a walk in {took:?}", found.total);
    }
    shared.end().await;
}
