//! Readers say how far what they read must have come.

use crate::walk::{Prepared, Route, request, routes};
use axum::http::{Method, StatusCode};

/// A header every read of a library takes.
const AT_LEAST: &str = "MindShelf-At-Least";

fn reads_a_library(route: &Route) -> bool {
    let beside = ["/shares", "/webhooks"].iter().any(|part| route.template.contains(part));
    let content = route.template.contains("{library}/") && !beside;
    route.method == Method::GET && content
}

#[tokio::test]
async fn every_read_of_a_library_has_what_was_asked_for_or_says_not_yet() {
    let document = shelf_api::document();
    let routes: Vec<Route> = routes(&document).into_iter().filter(reads_a_library).collect();
    assert!(routes.len() > 12, "{}", routes.len());
    let prepared = Prepared::new().await;
    let world = &prepared.world;
    let asked = async |route: &Route, position: &str| {
        let mut asked = request(route, Some(&world.ada), |text| prepared.adas(text));
        asked.headers_mut().insert(AT_LEAST, position.parse().unwrap());
        world.send(asked).await
    };
    for route in routes {
        let name = format!("{} {}", route.method, route.template);
        assert!(route.headers.iter().any(|header| header == AT_LEAST), "{name}");
        let told = asked(&route, "1").await;
        assert!(told.status.is_success(), "{name} {}", told.text);
        let told = asked(&route, "1000000").await;
        assert_eq!((told.status, told.code()), (StatusCode::CONFLICT, "not_yet"), "{name}");
        for bad in ["-1", "soon", "99999999999999999999"] {
            let told = asked(&route, bad).await;
            assert_eq!(told.status, StatusCode::BAD_REQUEST, "{name} {bad}");
        }
    }
}
