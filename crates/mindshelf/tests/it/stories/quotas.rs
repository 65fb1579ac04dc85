//! What a server was asked for is known again after it was started anew.

use crate::world::World;

/// What the owner's tenant was asked for today, in units.
async fn spent(world: &World) -> u64 {
    let owner = world.owner().await;
    let tenant = owner.get("/v1/tenants").await.expect(200).text("/items/0/id");
    let usage = owner.get(&format!("/v1/tenants/{tenant}/usage")).await.expect(200);
    let bounds = usage.json["bounds"].as_array().unwrap();
    let cost = bounds.iter().find(|bound| bound["name"] == "cost_a_day").unwrap();
    cost["used"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_outlives_a_restart() {
    let mut world = World::new().await;
    let owner = world.owner().await;
    for number in 0..20 {
        owner.save(&format!("https://day.example/{number}"), "A day").await;
    }
    let before = spent(&world).await;
    assert!(before >= 40, "twenty saves at two units: {before}");
    world.restart().await;
    assert!(spent(&world).await >= before, "nothing of it is forgotten");
}
