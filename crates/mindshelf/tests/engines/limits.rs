//! Limits of several gateways: counted together on Redis, by each alone while it is away, and
//! together again.

use crate::deployment::{Deployment, until};
use serde_json::{Value, json};
use shelf_client::{Http, Method, Request, Transport, header};

/// Somebody behind a proxy.
const CLIENT: &str = "203.0.113.9";

/// Asks without a token, by a proxy that says it is for `client`: the status of the answer, and
/// what is left of the address's limit.
async fn knock(address: &str, client: &str) -> (u16, u64) {
    let name = header::HeaderName::from_static("x-forwarded-for");
    let value = header::HeaderValue::try_from(client).unwrap();
    let http = Http::new(address).unwrap();
    let answer = http.send(Request::new(Method::GET, "/v1/me").header(name, value)).await.unwrap();
    let left = answer.headers.get("ratelimit").unwrap().to_str().unwrap().to_owned();
    let left = left.split(";r=").nth(1).unwrap().split(';').next().unwrap();
    (answer.status, left.parse().unwrap())
}

/// Asks until the client is refused; how often it was not.
async fn knock_until_dry(address: &str, client: &str) -> u32 {
    for times in 0..100 {
        if knock(address, client).await.0 == 429 {
            return times;
        }
    }
    panic!("never refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_share_limits_and_each_holds_its_own_without_redis() {
    let Some(mut shelf) = Deployment::prepare().await else { return };
    shelf.start(&[("a", "gateway"), ("b", "gateway")]).await;
    let address = |name: &str| shelf.process(name).server.address.clone();
    let (here, there) = (address("a"), address("b"));
    let owner = shelf.owner("b").await;

    let asked = knock_until_dry(&here, CLIENT).await;
    assert!(asked > 20, "{asked} were answered before the address ran dry");
    assert_eq!(knock(&there, CLIENT).await.0, 429, "the other gateway knows");
    owner.0.get::<Value>("/v1/me").await.unwrap();

    shelf.cache.cut();
    let marked = async || {
        let health = shelf.process("b").health().await;
        (health["degraded"] == json!(["cache", "limits"])).then_some(())
    };
    until("it is said that limits are counted by each", marked).await;
    assert_eq!(knock(&there, CLIENT).await.0, 401, "nothing is refused for the sake of Redis");
    knock_until_dry(&there, CLIENT).await;
    owner.0.get::<Value>("/v1/me").await.unwrap();

    shelf.cache.mend();
    let whole = async || {
        let health = shelf.process("b").health().await;
        (health["degraded"] == json!([])).then_some(())
    };
    let ((), back) = until("limits are counted together", whole).await;
    eprintln!("limits were counted together again after {back:?}");
    let fresh = "203.0.113.20";
    let (first, second) = (knock(&here, fresh).await.1, knock(&there, fresh).await.1);
    assert!(second < first, "one misses what the other took: {first}, {second}");
    shelf.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_address_counts_for_nothing_and_a_proxys_word_counts() {
    let Some(mut shelf) = Deployment::prepare().await else { return };
    shelf.start(&[("a", "gateway")]).await;
    let address = shelf.process("a").server.address.clone();
    let mut last = 0;
    for forged in 0..60 {
        last = knock(&address, &format!("198.51.100.{forged}, 203.0.113.77")).await.0;
    }
    assert_eq!(last, 429, "what stands left of the proxy's word is anybody's");
    assert_eq!(knock(&address, "203.0.113.78").await.0, 401, "another client of the proxy");
    shelf.end().await;
}
