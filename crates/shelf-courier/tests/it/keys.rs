//! Keys of endpoints: kept sealed, and those from before are sealed when somebody looks.

use crate::office::Office;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shelf_courier::{EndpointSecret, rotate_secret, seal_keys, sign};
use shelf_ports::chance::Clock;
use shelf_ports::webhooks::{Endpoint, EndpointEdit, SigningKey, Webhooks};

/// The last request, as it was signed.
fn signatures(office: &Office) -> (String, i64, Vec<u8>, String) {
    let asked = office.receivers.asked.lock().unwrap();
    let ask = asked.last().unwrap();
    let header = |name: &str| {
        let found = ask.headers.iter().find(|(known, _)| known == name);
        found.unwrap().1.clone()
    };
    let at = header("webhook-timestamp").parse().unwrap();
    (header("webhook-id"), at, ask.body.clone(), header("webhook-signature"))
}

async fn told(office: &Office, endpoint: &Endpoint, url: &str) {
    office.clock.advance(1);
    office.desk.save_url(&*office.store, url).await;
    office.follow().await;
    let now = Some(office.clock.now_ms());
    office.until(endpoint.id, |all| all[0].tried_at == now).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_kept_sealed() {
    let office = Office::open().await;
    let id = office.endpoint("https://a.example/", &[]).await;
    let secret: EndpointSecret =
        rotate_secret(&office.courier, &office.manager(), id).await.unwrap();
    assert!(secret.expose().starts_with("whsec_"));
    let kept = office.store.endpoints(office.desk.scope).await.unwrap().remove(0);
    let (old, _) = kept.old_key.clone().unwrap();
    assert!(!kept.key.is_plain() && !old.is_plain());
    assert_eq!(seal_keys(&office.courier).await.unwrap(), 0, "nothing is left to seal");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_ask_for_another_secret_at_once_both_get_one_that_signs() {
    let office = Office::open().await;
    let id = office.endpoint("https://a.example/", &[]).await;
    for number in 0..5 {
        let by = office.manager();
        let ask = || rotate_secret(&office.courier, &by, id);
        let (one, other) = tokio::join!(ask(), ask());
        let kept = office.state_of(id).await;
        told(&office, &kept, &format!("https://{number}.example/")).await;
        let (name, at, body, signed) = signatures(&office);
        for secret in [one.unwrap(), other.unwrap()] {
            let key = STANDARD.decode(secret.expose().trim_start_matches("whsec_")).unwrap();
            let ours = sign(&key, &name, at, &body);
            assert!(signed.split(' ').any(|each| each == ours), "a secret that was shown is lost");
        }
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_from_before_sign_as_they_are_and_are_sealed_then() {
    let office = Office::open().await;
    let id = office.endpoint("https://a.example/", &[]).await;
    let until = office.clock.now_ms() + 1_000_000_000;
    let (key, old) = (SigningKey(vec![7; 32]), SigningKey(vec![8; 32]));
    let keys = Some((key, Some((old, until))));
    let edit = EndpointEdit { keys, ..EndpointEdit::default() };
    assert!(office.store.edit_endpoint(office.desk.scope, id, &edit).await.unwrap());
    let kept = office.state_of(id).await;
    told(&office, &kept, "https://one.example/").await;
    let (name, at, body, before) = signatures(&office);
    let good = |name: &str, at: i64, body: &[u8]| {
        [7, 8].map(|byte| sign(&[byte; 32], name, at, body)).join(" ")
    };
    assert_eq!(before, good(&name, at, &body));
    assert_eq!(seal_keys(&office.courier).await.unwrap(), 1);
    let kept = office.state_of(id).await;
    let (old, ends) = kept.old_key.clone().unwrap();
    assert!(!kept.key.is_plain() && !old.is_plain() && ends == until);
    told(&office, &kept, "https://two.example/").await;
    let (name, at, body, after) = signatures(&office);
    assert_eq!(after, good(&name, at, &body), "they are the same keys");
    office.close().await;
}
