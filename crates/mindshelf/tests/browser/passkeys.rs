//! Passkeys: added in the settings, used at the door and to confirm, and removed.

use crate::walk::Walk;
use serde_json::json;

/// Presses the button of the passkey at the door twice, as hands do that are used to double clicks,
/// unless the browser has offered it by itself and the page has turned meanwhile. Whatever comes
/// first, the door is answered once.
const PRESS: &str = "const button = document.querySelector( \
    'form[action$=\"/sign-in/passkey\"]:not([hidden]) button[type=submit]'); \
    button?.click(); button?.click()";

#[tokio::test]
async fn a_passkey_opens_the_door_without_a_word_and_is_removed() {
    let Some(walk) = Walk::with_passkeys().await else { return };
    walk.open("/settings").await;
    walk.turn("#passkeys", "Add one").await;
    walk.sees("works on this site alone").await;
    walk.look("passkeys-none").await;
    walk.write("Name", "This laptop").await;
    walk.turn("#add", "Add a passkey").await;
    walk.sees("The passkey is added").await;
    walk.sees("This laptop").await;
    walk.look("passkeys").await;

    leaves_and_comes_back(&walk).await;

    // It stands for a password that was never set.
    walk.open("/settings/passkeys").await;
    walk.turn("form[action$='/confirm']", "Confirm with a passkey").await;
    walk.sees("You confirmed with a passkey").await;
    walk.look("passkeys-confirmed").await;
    walk.press("Rename or remove").await;
    walk.turn("form[action$='/remove']", "Remove").await;
    walk.sees("The passkey is removed").await;
    walk.misses("This laptop").await;

    // The device offers it still, and it opens nothing.
    walk.judge.expects("401");
    comes_to_the_door(&walk).await;
    walk.sees("This passkey opened nothing").await;
    walk.look("passkey-refused").await;
    walk.end().await;
}

/// Leaves, and comes in again by the passkey.
async fn leaves_and_comes_back(walk: &Walk) {
    comes_to_the_door(walk).await;
    walk.sees("Library").await;
    walk.open("/settings").await;
    walk.sees("with a passkey").await;
    walk.look("settings-passkeys").await;
}

/// Stands at the door in a browser that forgot who one is, and shows the passkey.
async fn comes_to_the_door(walk: &Walk) {
    walk.driver.devtools("Network.clearBrowserCookies", json!({})).await;
    walk.open("/sign-in").await;
    walk.asks(PRESS).await;
}
