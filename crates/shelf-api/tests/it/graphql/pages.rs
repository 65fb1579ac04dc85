//! Lists in pages: every row once, from every cursor, in either form.

use crate::graphql::{ask, data, id, library};
use crate::walk::Prepared;
use crate::world::World;
use serde_json::{Value, json};

async fn filled(count: usize) -> World {
    let world = World::new().await;
    let folder =
        world.post(&world.ada, "/v1/libraries/{library}/collections", &json!({ "name": "f" }));
    let folder = folder.await.at("/item/id");
    for number in 0..count {
        let ask = json!({
            "url": format!("https://{number}.example"), "title": format!("kite {number}"),
            "places": [{ "collection": folder }],
        });
        world.post(&world.ada, "/v1/libraries/{library}/bookmarks", &ask).await.at("/item/id");
    }
    world.follow(&world.ada).await;
    world
}

/// The rows of the list that `query` asks for, page by page, `first` at a time.
async fn walked(world: &World, query: &str, at: &str, first: usize) -> Vec<String> {
    let (mut rows, mut after) = (Vec::new(), Value::Null);
    loop {
        let asked = json!({ "id": library(&world.ada), "first": first, "after": after });
        let told = ask(world, &world.ada, query, asked).await;
        let page = data(&told).pointer(at).unwrap_or_else(|| panic!("{}", told.text));
        let edges = page["edges"].as_array().unwrap();
        assert!(edges.len() <= first && page["pageInfo"]["hasPreviousPage"] == !after.is_null());
        rows.extend(edges.iter().map(|edge| edge["node"].to_string()));
        assert_eq!(page["pageInfo"]["endCursor"], edges.last().unwrap()["cursor"]);
        if page["pageInfo"]["hasNextPage"] == false {
            return rows;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

#[tokio::test]
async fn every_row_of_every_list_is_told_once_from_every_cursor() {
    let world = filled(7).await;
    let folder =
        world.get(&world.ada, "/v1/libraries/{library}/collections").await.at("/items/0/id");
    let folder = id("collection", &[&world.ada.library.to_string(), &folder]);
    let placed = format!("filter: {{collection: \"{folder}\"}}, sort: PLACE, ");
    let lists = [
        ("bookmarks", "sort: NEWEST, ", "url"),
        ("bookmarks", "sort: OLDEST, ", "url"),
        ("bookmarks", "sort: NUMBER, ", "url"),
        ("bookmarks", placed.as_str(), "url"),
        ("search", "query: \"kite\", ", "url"),
        ("history", "", "last"),
    ];
    for (list, args, field) in lists {
        let query = format!(
            "query Q($id: ID!, $first: Int, $after: String) {{ library(id: $id) {{ \
             {list}({args}first: $first, after: $after) {{ edges {{ cursor node {{ {field} }} }} \
             pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}"
        );
        let at = format!("/library/{list}");
        let all = walked(&world, &query, &at, 100).await;
        assert!(all.len() >= 7, "{list}: {all:?}");
        assert_eq!(walked(&world, &query, &at, 3).await, all, "{list} {args}");
        // Any row's cursor goes on after that row.
        let asked = json!({ "id": library(&world.ada), "first": 100 });
        let whole = ask(&world, &world.ada, &query, asked).await;
        for (row, edge) in
            data(&whole).pointer(&at).unwrap()["edges"].as_array().unwrap().iter().enumerate()
        {
            let asked = json!({ "id": library(&world.ada), "first": 100, "after": edge["cursor"] });
            let rest = ask(&world, &world.ada, &query, asked).await;
            let rest = data(&rest).pointer(&at).unwrap()["edges"].as_array().unwrap().len();
            assert_eq!(rest, all.len() - row - 1, "{list} {args} {row}");
        }
    }
}

#[tokio::test]
async fn the_history_of_a_bookmark_the_trash_and_the_audit_log_have_cursors_of_rows() {
    let prepared = Prepared::new().await;
    let (world, ada) = (&prepared.world, &prepared.world.ada);
    let tenant = prepared.adas("0193f0a0-0000-7000-8000-00000000000a");
    let query = "query Q($id: ID!, $after: String) { tenant(id: $id) { audit(first: 2, after: $after) \
        { edges { cursor node { number } } } } }";
    let tenant = id("tenant", &[&tenant]);
    let page = ask(world, ada, query, json!({ "id": tenant })).await;
    let edges = data(&page)["tenant"]["audit"]["edges"].clone();
    let next = ask(world, ada, query, json!({ "id": tenant, "after": edges[0]["cursor"] })).await;
    assert_eq!(data(&next)["tenant"]["audit"]["edges"][0]["node"], edges[1]["node"]);
    let query = "query Q($id: ID!) { library(id: $id) { trash(first: 1) { edges { cursor node { id kind } } } } }";
    let trash = ask(world, ada, query, json!({ "id": library(ada) })).await;
    assert_eq!(data(&trash)["library"]["trash"]["edges"][0]["node"]["kind"], "bookmark");
}
