//! A provider that signs somebody out says so to this server, and only what came by it ends.

use super::*;
use serde_json::json;
use shelf_identity::sso::log_out::{log_out, logout_uri};
use shelf_ports::chance::Clock;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl Guild {
    /// The provider says that flo is signed out, with `changes` to what it says; how many ended.
    async fn told(&self, changes: &Value) -> Result<u64, SsoFailure> {
        log_out(&self.doors, self.id, &self.provider.signs_out("flo", changes)).await
    }

    /// Whether what `signed` is signed in with opens something still.
    async fn is_in(&self, came: &Came) -> bool {
        authenticate(&self.world.doors, &came.session.secret).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn whom_the_provider_signs_out_is_out_here_and_nobody_else_is() {
    let guild = guild().await;
    assert_eq!(logout_uri(HERE, guild.id), format!("{HERE}/sign-in/sso/{}/logout", guild.id));
    let (phone, desk) = (guild.comes(flo()).await.unwrap(), guild.comes(flo()).await.unwrap());
    let gil = guild.comes(Account::new("gil", "gil@guild.example", &[])).await.unwrap();
    let signed = authenticate(&guild.world.doors, &desk.session.secret).await.unwrap().unwrap();
    let own = create_token(&guild.world.doors, (&signed).into(), CreateToken::called("t"));
    let own = own.await.unwrap();
    let alone = crate::signed(&guild.world, signed.person.id).await;
    let word = guild.provider.signs_out("flo", &json!({}));
    assert_eq!(log_out(&guild.doors, guild.id, &word).await.unwrap(), 2);
    assert!(!guild.is_in(&phone).await && !guild.is_in(&desk).await);
    assert!(guild.is_in(&gil).await, "another one stays");
    assert!(authenticate(&guild.world.doors, &own.secret).await.unwrap().is_some(), "a token too");
    let others = guild.world.doors.accounts.grants(alone.person.id, guild.world.clock.now_ms());
    let others = others.await.unwrap();
    assert!(others.iter().any(|grant| grant.id == alone.grant.id), "and what came another way");
    let deeds = guild.deeds().await;
    assert!(deeds.iter().any(|(deed, _)| *deed == Deed::ProviderSignedOut), "{deeds:?}");

    guild.world.clock.advance(120_000);
    let again = guild.comes(flo()).await.unwrap();
    assert_eq!(log_out(&guild.doors, guild.id, &word).await.unwrap(), 0, "an old word is over");
    assert!(guild.is_in(&again).await);
    guild.world.clock.advance(600_000);
    assert_eq!(why_not(log_out(&guild.doors, guild.id, &word).await), TurnedAway::Expired);
}

fn why_not(told: Result<u64, SsoFailure>) -> TurnedAway {
    match told {
        Err(SsoFailure::TurnedAway(why)) => why,
        other => panic!("it was to be turned away: {other:?}"),
    }
}

#[tokio::test]
async fn a_word_that_lies_signs_nobody_out() {
    let guild = guild().await;
    let came = guild.comes(flo()).await.unwrap();
    let now = guild.world.clock.now_ms() / 1_000;
    for (changes, reason) in [
        (json!({"iss": "https://other.example"}), TurnedAway::Issuer),
        (json!({"aud": "somebody-else"}), TurnedAway::Audience),
        (json!({"aud": [CLIENT, "somebody-else"]}), TurnedAway::Audience),
        (json!({"exp": now - 120}), TurnedAway::Expired),
        (json!({"exp": null}), TurnedAway::Malformed),
        (json!({"iat": now - 86_400}), TurnedAway::Moment),
        (json!({"iat": now + 600}), TurnedAway::Moment),
        (json!({"nonce": "a sign-in"}), TurnedAway::Nonce),
        (json!({"events": null}), TurnedAway::Malformed),
        (json!({"events": {}}), TurnedAway::Malformed),
        (json!({"events": {"http://other.example/event": {}}}), TurnedAway::Malformed),
        (json!({"events": {EVENT: true}}), TurnedAway::Malformed),
        (json!({"events": EVENT}), TurnedAway::Malformed),
        (json!({"sub": null, "sid": "a session"}), TurnedAway::Malformed),
        (json!({"sub": ""}), TurnedAway::Malformed),
        (json!({"jti": null}), TurnedAway::Malformed),
    ] {
        assert_eq!(why_not(guild.told(&changes).await), reason, "{changes}");
    }
    for (lie, reason) in [
        (Lie::OtherKey, TurnedAway::Signature),
        (Lie::UnknownKey, TurnedAway::UnknownKey),
        (Lie::NoAlgorithm, TurnedAway::Algorithm),
        (Lie::PublicAsSecret, TurnedAway::Algorithm),
        (Lie::Critical, TurnedAway::Algorithm),
        (Lie::Changed, TurnedAway::Signature),
    ] {
        guild.provider.lie(lie);
        assert_eq!(why_not(guild.told(&json!({})).await), reason, "{lie:?}");
    }
    guild.provider.lie(Lie::None);
    for word in ["", "x", "a.b.c", "..", "a.b.c.d"] {
        let told = log_out(&guild.doors, guild.id, word).await;
        assert_eq!(why_not(told), TurnedAway::Malformed, "{word:?}");
    }
    assert!(guild.is_in(&came).await, "flo is in all the while");
    let deeds = guild.deeds().await;
    assert!(deeds.iter().all(|(deed, _)| *deed != Deed::ProviderSignedOut), "nothing is noted");
}

#[tokio::test]
async fn a_provider_signs_out_of_its_own_tenant_alone() {
    let guild = guild().await;
    let came = guild.comes(flo()).await.unwrap();
    let doors = &guild.world.doors;
    let other = create_tenant(doors, guild.owner.into(), "Another").await.unwrap().id;
    let word = guild.provider.signs_out("flo", &json!({}));
    let told = log_out(&guild.doors, other, &word).await;
    assert_eq!(why_not(told), TurnedAway::NoProvider);
    connect_provider(&guild.doors, guild.owner.into(), other, ask()).await.unwrap();
    assert_eq!(log_out(&guild.doors, other, &word).await.unwrap(), 0, "nobody there is called so");
    let nobody = guild.provider.signs_out("nobody", &json!({}));
    assert_eq!(log_out(&guild.doors, guild.id, &nobody).await.unwrap(), 0);
    assert!(guild.is_in(&came).await);
}
