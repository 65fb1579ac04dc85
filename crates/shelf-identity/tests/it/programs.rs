//! Programs that are registered with a token: what it may not do, they may not do alone.

use crate::{World, refused, signed, world};
use shelf_domain::permit::Permits;
use shelf_domain::refusal::Code;
use shelf_identity::oauth::clients::{RegisterClient, register_client};
use shelf_identity::{Actor, CreateToken, OAuthDoors, authenticate, create_token, first_run};
use shelf_ports::chance::Clock;
use std::sync::Arc;

fn doors(world: &World) -> OAuthDoors {
    let (clients, authorizations) = (Arc::new(world.store.clone()), Arc::new(world.store.clone()));
    OAuthDoors { doors: world.doors.clone(), clients, authorizations }
}

fn permits(words: &str) -> Permits {
    Permits::read(words).unwrap()
}

fn alone(words: Option<&str>) -> RegisterClient {
    RegisterClient {
        name: "a script".to_owned(),
        redirects: Vec::new(),
        permits: words.map(permits),
        has_secret: true,
        acts_alone: true,
    }
}

/// Whoever asks with a token that is good for `words` until `expires_at`.
async fn with(world: &World, words: &str, expires_at: Option<i64>) -> Actor {
    let owner = first_run(&world.doors).await.unwrap().person;
    let by = Actor::from(&signed(world, owner.id).await);
    let ask =
        CreateToken { permits: Some(permits(words)), expires_at, ..CreateToken::called("part") };
    let token = create_token(&world.doors, by, ask).await.unwrap();
    Actor::from(&authenticate(&world.doors, &token.secret).await.unwrap().unwrap())
}

#[tokio::test]
async fn a_program_that_acts_alone_does_no_more_than_what_it_is_registered_with() {
    let world = world();
    let doors = doors(&world);
    let by = with(&world, "account:write", None).await;
    let refusal = refused(register_client(&doors, by, alone(Some("bookmarks:read"))).await);
    assert_eq!(refusal.code, Code::InsufficientScope);
    let refusal = refused(register_client(&doors, by, alone(None)).await);
    assert_eq!(refusal.at, "scopes", "there is nothing it could be good for");
    let by = with(&world, "account:write bookmarks:read", None).await;
    let made = register_client(&doors, by, alone(None)).await.unwrap();
    assert_eq!(made.client.permits, permits("bookmarks:read"));
    // One that people let in asks them, and they decide.
    let asks = RegisterClient { acts_alone: false, ..alone(Some("bookmarks:write")) };
    assert!(register_client(&doors, by, asks).await.is_ok());
}

#[tokio::test]
async fn a_program_that_acts_alone_is_not_registered_with_what_ends() {
    let world = world();
    let doors = doors(&world);
    let soon = Some(world.clock.now_ms() + 1_000);
    let by = with(&world, "account:write bookmarks:read", soon).await;
    let refusal = refused(register_client(&doors, by, alone(Some("bookmarks:read"))).await);
    assert_eq!((refusal.code, refusal.at.as_str()), (Code::Invalid, "acts_alone"));
    let owner = first_run(&world.doors).await.unwrap().person;
    let browser = Actor::from(&signed(&world, owner.id).await);
    assert!(register_client(&doors, browser, alone(Some("bookmarks:read"))).await.is_ok());
}
