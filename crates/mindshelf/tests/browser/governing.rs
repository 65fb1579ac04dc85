//! Whoever answers for others: an admin looks at what a team uses and connects its sign-in, and whoever
//! runs the server gives a plan.

use crate::walk::Walk;
use serde_json::json;

#[tokio::test]
async fn an_admin_sees_what_is_used_and_whoever_runs_the_server_gives_a_plan() {
    let Some(walk) = Walk::among_links().await else { return };
    let own = own_place(&walk).await;
    walk.open(&format!("{own}/usage")).await;
    walk.find("h1", "What is used").await;
    walk.find(".figures td", "40").await;
    walk.look("usage").await;
    walk.press("As numbers").await;
    walk.find(".figures th", "Day (UTC)").await;
    walk.look("usage-numbers").await;

    walk.open("/admin").await;
    walk.sees("Everything answers").await;
    walk.sees("Plans you give and people you let run the server").await;
    walk.sees("this server sends no mail").await;
    walk.write("Plan of", "Team").await;
    walk.turn("main form", "Give").await;
    walk.sees("The plan is given").await;
    walk.sees("the plan Team").await;
    walk.look("admin").await;
    walk.open(&format!("{own}/audit")).await;
    walk.sees("runs the server, and gave a team a plan").await;
    walk.open(&format!("{own}/usage")).await;
    walk.sees("The plan is Team").await;
    walk.end().await;
}

#[tokio::test]
async fn an_admin_is_led_through_connecting_the_sign_in_of_an_organisation() {
    let Some(walk) = Walk::among_links().await else { return };
    walk.open("/people").await;
    walk.write("Name of the team", "Reading circle").await;
    walk.turn("", "Make it").await;
    walk.turn("main", "Single sign-on").await;
    walk.sees("It takes three steps").await;
    walk.look("sso").await;
    walk.write("Issuer", "https://127.0.0.1:9").await;
    walk.write("Client ID", "mindshelf").await;
    walk.write("Client secret", "not a secret at all").await;
    walk.judge.expects("422");
    walk.turn("#provider", "Connect").await;
    walk.find("#provider .error, #provider .note-danger", "").await;
    walk.look("sso-refused").await;
    // A name that leads nowhere by rule, so that nobody is asked.
    walk.write("Domain", "circle.invalid").await;
    walk.turn("#domains", "Add domain").await;
    walk.sees("Put this line into a text file at").await;
    walk.look("sso-domain").await;
    walk.turn("#domains", "Check").await;
    walk.sees("was not read").await;
    walk.turn("#domains", "Remove").await;
    walk.misses("circle.invalid").await;

    walk.driver.devtools("Network.clearBrowserCookies", json!({})).await;
    walk.open("/sign-in/sso").await;
    walk.sees("Sign in with your organisation").await;
    walk.look("sign-in-sso").await;
    walk.write("Mail address", "flo@circle.invalid").await;
    walk.judge.expects("401");
    walk.turn("", "Go on").await;
    walk.sees("No organisation signs in here").await;
    walk.look("sign-in-sso-refused").await;
    walk.end().await;
}

/// The path of the place of whoever is signed in.
async fn own_place(walk: &Walk) -> String {
    walk.open("/people").await;
    let found = "return [...document.querySelectorAll('main a')].map((one) => new URL(one.href).pathname) \
        .find((path) => /^\\/people\\/[0-9a-f-]{36}$/.test(path))";
    walk.asks(found).await.as_str().unwrap().to_owned()
}
