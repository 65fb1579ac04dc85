//! The plan of every list: found by an index, never by walking what a library holds.

use super::*;

/// Parts of a plan that walk a whole library or table.
fn walks(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut rows = statement.raw_query();
    let mut walks = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let step: String = row.get(3).unwrap();
        // A scan reads all of a table, a search by the library alone all that is in the library.
        // What a query made itself (its constants, its recursion) is as small as its answer.
        let own = step == "SCAN gone" || step.contains("CONSTANT ROW");
        if (step.starts_with("SCAN") && !own) || step.ends_with("(library=?)") {
            walks.push(step);
        }
    }
    walks
}

fn shelf_db() -> (tempfile::TempDir, Connection) {
    let dir = tempfile::tempdir().unwrap();
    let connection = crate::sql::open_writer(&dir.path().join("shelf.db")).unwrap();
    (dir, connection)
}

#[test]
fn every_hot_query_is_answered_by_an_index() {
    let (_dir, connection) = shelf_db();
    let named = [
        ("bearing a tag", BEARING_TAG),
        ("standing in", STANDING_IN),
        ("trash", TRASH),
        ("went", WENT),
        ("went beneath", WENT_BENEATH),
        ("comments", beside::COMMENTS),
        ("how many comments", beside::COUNT_COMMENTS),
        ("two versions", beside::APART),
    ];
    let others = load::QUERIES.into_iter().chain(crate::library::QUERIES);
    for (name, sql) in named.into_iter().chain(others) {
        assert_eq!(walks(&connection, sql), [] as [String; 0], "{name}: {sql}");
    }
    let walking = walks(&connection, "SELECT id FROM children WHERE library = ?1 AND ord = ?2");
    assert_eq!(walking.len(), 1, "a walk is seen as one: {walking:?}");
}

#[test]
fn every_page_of_bookmarks_is_found_by_an_index() {
    let (_dir, connection) = shelf_db();
    let id = ItemId::from_bytes([7; 16]);
    let after = Position { key: "7".into(), id };
    let filters = [
        Filter::default(),
        Filter { unread: Some(true), ..Filter::default() },
        Filter { unsorted: true, ..Filter::default() },
        Filter { tags: vec![id], ..Filter::default() },
        Filter { tags: vec![id, id], favourite: Some(true), ..Filter::default() },
        Filter { collection: Some(id), ..Filter::default() },
        Filter { collection: Some(id), tags: vec![id], ..Filter::default() },
    ];
    for filter in &filters {
        for sort in [Sort::Newest, Sort::Oldest, Sort::Place, Sort::Number] {
            for after in [None, Some(&after)] {
                let (sql, _) = page_query(1, filter, (sort, after), 50);
                let mut walks = walks(&connection, &sql);
                // The list of everything goes through an index in its own order, page by page.
                walks.retain(|step| !step.contains("INDEX shown_"));
                assert_eq!(walks, [] as [String; 0], "{filter:?} {sort:?}: {sql}");
            }
        }
    }
}
