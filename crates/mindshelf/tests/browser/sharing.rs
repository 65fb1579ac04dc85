//! A team: a library shared with somebody who comes by an invitation, reads, and comes back.

use crate::walk::Walk;
use serde_json::json;

/// What the newcomer signs in with.
const PASSWORD: &str = "a staple of horses";

#[tokio::test]
async fn whoever_is_invited_reads_what_is_shared_and_comes_back_by_password() {
    let Some(walk) = Walk::among_links().await else { return };
    let (team, invitation) = a_team_and_an_invitation(&walk).await;
    let library = comes_as_new(&walk, &invitation).await;
    comes_back_by_password(&walk, &library).await;

    // The owner sees who came, with what right, and what was done.
    leave(&walk).await;
    walk.driver.goto(&walk.server.another_link()).await;
    walk.turn("", "Sign in").await;
    walk.open(&format!("{library}/sharing")).await;
    walk.sees("Flo").await;
    walk.look("sharing").await;
    walk.open(&format!("{team}/audit")).await;
    walk.sees("each is as it was written").await;
    walk.sees("joined").await;
    walk.look("audit").await;
    walk.end().await;
}

/// Makes a team, a library in it with one link, and an invitation to read it: the path of the team
/// and the address of the invitation.
pub(crate) async fn a_team_and_an_invitation(walk: &Walk) -> (String, String) {
    walk.open("/people").await;
    walk.look("people").await;
    walk.write("Name of the team", "Reading circle").await;
    walk.turn("", "Make it").await;
    let team = path(walk).await;
    walk.write("Name of the library", "Papers").await;
    walk.turn("", "New library").await;
    let library = path(walk).await.replace("/library", "");
    walk.open(&format!("{library}/save?url=https://papers.example/map&title=Maps+of+meaning"))
        .await;
    walk.turn("main", "Save").await;

    walk.open(&team).await;
    walk.write("For whom", "Flo").await;
    walk.write("Share with them", "Papers").await;
    walk.turn("", "Invite").await;
    walk.look("team").await;
    let address = walk.asks("return document.querySelector('code.secret').innerText").await;
    (team, address.as_str().unwrap().to_owned())
}

/// Takes the invitation up as somebody new: the path of the library that is shared.
pub(crate) async fn comes_as_new(walk: &Walk, invitation: &str) -> String {
    leave(walk).await;
    walk.driver.goto(invitation).await;
    walk.sees("Join Reading circle").await;
    walk.write("Your name", "Flo").await;
    walk.write("A password", "too short").await;
    walk.judge.expects("422");
    walk.turn("", "Join").await;
    walk.sees("a password has at least 10 characters").await;
    walk.look("join").await;
    walk.write("A password", PASSWORD).await;
    walk.turn("", "Join").await;
    walk.sees("Maps of meaning").await;
    walk.sees("read only").await;
    walk.look("read-only").await;
    path(walk).await.replace("/library", "")
}

/// Signs in anew by name and password, and looks at where one is changed.
async fn comes_back_by_password(walk: &Walk, library: &str) {
    leave(walk).await;
    walk.open("/sign-in").await;
    walk.write("Name", "flo").await;
    walk.write("Password", PASSWORD).await;
    walk.turn("", "Sign in").await;
    walk.open("/settings/password").await;
    walk.sees("Recovery codes").await;
    walk.look("password").await;
    walk.open(&format!("{library}/library")).await;
    walk.sees("Maps of meaning").await;
}

/// Becomes a browser that nobody is signed in with.
async fn leave(walk: &Walk) {
    walk.driver.devtools("Network.clearBrowserCookies", json!({})).await;
}

/// The path of the page one is on.
async fn path(walk: &Walk) -> String {
    let address = walk.driver.address().await;
    address.trim_start_matches(&walk.server.origin).split('?').next().unwrap().to_owned()
}
