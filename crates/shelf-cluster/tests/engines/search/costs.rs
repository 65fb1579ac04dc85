//! What a search costs PostgreSQL: its calls walk no table and stay in their library's partitions.

use super::ground::{Shared, apply, docs};
use crate::plans::{forget_counts, settled, touches};
use shelf_cluster::qdrant::QdrantSearch;
use shelf_ports::search::{Filter, Phrase, Plan, Probe, SearchIndex};
use shelf_testkit::exams::search::samples::{Dice, plan, scope};
use std::collections::BTreeSet;

/// The library is copied to as many others as there are, so that every partition holds several. A table of a
/// page or two is rightly walked, so the small ones get rows besides.
const COPY: &str = "
    DO $$
    DECLARE part text; columns text; copied text;
    BEGIN
        FOREACH part IN ARRAY ARRAY['search_heads', 'search_docs', 'search_words'] LOOP
            SELECT string_agg(column_name, ', '), string_agg('own.' || column_name, ', ')
            INTO columns, copied FROM information_schema.columns
            WHERE table_name = part AND column_name <> 'library';
            EXECUTE format('INSERT INTO %I (library, %s) SELECT l.id, %s FROM %I own, libraries l
                ON CONFLICT DO NOTHING', part, columns, copied, part);
        END LOOP;
    END $$;
    INSERT INTO search_waste SELECT id, nth FROM libraries, generate_series(1, 300) AS nth
    WHERE id <> repeat('3d', 16)::uuid;
    INSERT INTO libraries (id, tenant, owner, name, created_at)
    SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'empty', 0
    FROM generate_series(1, 20000);
    INSERT INTO search_heads (library, version, marker) SELECT id, '1', 0 FROM libraries
    ON CONFLICT DO NOTHING;
    ANALYZE;";

#[tokio::test]
async fn no_search_walks_a_table_or_touches_another_partition() {
    let Some(shared) = Shared::one().await else { return };
    let mut dice = Dice::new(61);
    apply(&shared.index("1").await, 61, docs(&mut dice, 1..=2_000), vec![], 1).await;
    let admin = shared.admin().await;
    let copied = async {
        settled(&admin).await;
        admin.batch_execute(COPY).await.unwrap();
        forget_counts(&admin).await;
    };
    let shared = shared.reopened(copied).await;
    let index = shared.index("1").await;
    let away = QdrantSearch::open("http://127.0.0.1:9", &shared.records, "1").await.unwrap();
    let phrase =
        Filter { phrases: vec![Phrase(vec!["w1".into(), "w2".into()])], ..Filter::default() };
    let label = Filter { labels: vec!["tag:1".into()], ..Filter::default() };
    let mut plans: Vec<Plan> = (0..20).map(|_| dice.plan()).collect();
    plans.push(Plan { filter: phrase, ..plan(&["w1"]) });
    plans.push(Plan { filter: label, ..plan(&["w3"]) });
    for plan in &plans {
        index.candidates(scope(61), plan).await.unwrap();
        away.candidates(scope(61), plan).await.unwrap();
    }
    let probe = |word: &str| Probe {
        word: word.into(),
        stems: vec!["w5".into()],
        prefix: true,
        typos: 2,
        limit: 5,
    };
    index.vocabulary(scope(61), &[probe("w1"), probe("xw77")]).await.unwrap();
    apply(&index, 61, docs(&mut dice, 1_990..=2_010), vec![5, 6], 2).await;
    assert_eq!(index.position(scope(61)).await.unwrap(), 2);
    drop((index, away));
    let shared = shared.reopened(settled(&admin)).await;
    let touches = touches(&admin).await;
    assert_eq!(touches.walked, BTreeSet::new(), "tables that were walked: {touches:?}");
    assert_eq!(touches.partitions.len(), 1, "one partition of each table: {touches:?}");
    for table in ["search_heads", "search_docs", "search_words", "search_waste"] {
        assert!(touches.read.contains(table), "the counters see {table}: {touches:?}");
    }
    drop(admin);
    shared.end().await;
}
