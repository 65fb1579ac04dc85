//! A device without a browser asks to be let in, and a person types its code elsewhere (RFC 8628).

use super::authorize::{checked_allowance, wanted};
use super::clients::find_client;
use super::exchange_code::new_app;
use super::secrets::Tokens;
use super::{OAuthCode, OAuthDoors, OAuthFailure};
use crate::audit::record_own;
use crate::authenticate::Signed;
use crate::secret::Secret;
use shelf_domain::audit::Deed;
use shelf_domain::permit::Allowance;
use shelf_domain::refusal::Refused;
use shelf_ports::accounts::{KeyPrint, SecretHash};
use shelf_ports::chance::Chance;
use shelf_ports::oauth::{Client, DeviceAsk, Polled};
use shelf_ports::{Failure, Fault};

/// How long a device may wait, milliseconds.
pub const DEVICE_MS: i64 = 10 * 60 * 1_000;
/// How often a device may ask whether it was let in, milliseconds.
pub const POLL_MS: i64 = 5_000;
/// Longest name of a device, in characters; what is longer is cut off.
pub const DEVICE_CHARS_MAX: usize = 60;
/// Letters of a code: no vowels, so that no word comes of them, and none that are mistaken.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many of them.
const LENGTH: usize = 8;
/// How often another code is tried where one is taken.
const TRIES: usize = 3;

/// What a device is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceStart {
    /// What it asks with whether it was let in.
    pub secret: Secret,
    /// What the person types.
    pub typed: String,
}

/// Begins a request of a device that calls itself `device` and asks from `place`.
#[tracing::instrument(skip_all)]
pub async fn begin_device(
    doors: &OAuthDoors,
    client: &Client,
    scope: &str,
    (device, place): (&str, String),
) -> Result<DeviceStart, OAuthFailure> {
    let permits = wanted(client, scope)?;
    let (chance, now) = (&*doors.doors.chance, doors.doors.clock.now_ms());
    let shown = device.chars().filter(|each| !each.is_control()).take(DEVICE_CHARS_MAX);
    let device: String = shown.collect::<String>().trim().to_owned();
    for _ in 0..TRIES {
        let (secret, typed) = (Secret::new(chance), code(chance));
        let ask = DeviceAsk {
            client: client.id,
            typed: hash_of(&typed),
            permits,
            device: device.clone(),
            place: place.clone(),
            expires_at: now + DEVICE_MS,
        };
        if doors.authorizations.put_ask(secret.hash(), &ask, now).await? {
            return Ok(DeviceStart { secret, typed });
        }
    }
    let why = "no code is free just now; try again";
    Err(OAuthFailure::new(OAuthCode::TemporarilyUnavailable, why))
}

/// Eight letters in two halves. Bytes that would make one letter likelier are left out.
fn code(chance: &dyn Chance) -> String {
    let mut code = String::with_capacity(LENGTH + 1);
    let bound = u8::try_from(256 / LETTERS.len() * LETTERS.len()).unwrap_or(u8::MAX);
    while code.len() <= LENGTH {
        for byte in chance.seed().into_iter().filter(|byte| *byte < bound) {
            let letter = LETTERS.get(usize::from(byte) % LETTERS.len());
            code.extend(letter.map(|letter| char::from(*letter)));
            if code.len() == LENGTH / 2 {
                code.push('-');
            }
            if code.len() > LENGTH {
                break;
            }
        }
    }
    code
}

/// What is stored of a code, however it was typed.
fn hash_of(typed: &str) -> SecretHash {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric).take(4 * LENGTH);
    Secret::sent(&letters.collect::<String>().to_ascii_uppercase()).hash()
}

/// What is asked for under a typed code, and by which program; nothing where nothing waits.
#[tracing::instrument(skip_all)]
pub async fn look_at_device(
    doors: &OAuthDoors,
    typed: &str,
) -> Result<Option<(DeviceAsk, Client)>, Fault> {
    let now = doors.doors.clock.now_ms();
    let Some(ask) = doors.authorizations.ask(hash_of(typed), now).await? else { return Ok(None) };
    let client = find_client(doors, ask.client).await?;
    Ok(client.map(|(client, _)| (ask, client)))
}

/// Lets a device in for what `allows` says, or refuses it where that is nothing.
#[tracing::instrument(skip_all)]
pub async fn answer_device(
    doors: &OAuthDoors,
    by: &Signed,
    typed: &str,
    allows: Option<Allowance>,
) -> Result<(), Failure> {
    let gone = || Refused::not_found("device that waits under this code");
    let (ask, client) = look_at_device(doors, typed).await?.ok_or_else(gone)?;
    if let Some(allows) = &allows {
        checked_allowance(doors, by, ask.permits, allows).await?;
        let deed = (Deed::AppLetIn, Some(client.id.to_bytes()));
        record_own(&doors.doors, by.into(), deed).await?;
    }
    let now = doors.doors.clock.now_ms();
    let answer = allows.as_ref().map(|allows| (by.person.id, allows));
    if doors.authorizations.answer_ask(ask.typed, answer, now).await? {
        return Ok(());
    }
    Err(gone().into())
}

/// Gives the device its first secrets once it was let in; until then says why not.
#[tracing::instrument(skip_all)]
pub async fn exchange_device(
    doors: &OAuthDoors,
    client: &Client,
    secret: &Secret,
    bound: Option<KeyPrint>,
) -> Result<Tokens, OAuthFailure> {
    let refuse = |code, why| Err(OAuthFailure::new(code, why));
    let ended = "the device code is unknown, was used, has ended, or is not of this client";
    if !secret.is_plausible() {
        return refuse(OAuthCode::ExpiredToken, ended);
    }
    let (hash, now) = (secret.hash(), doors.doors.clock.now_ms());
    match doors.authorizations.poll_ask(hash, client.id, POLL_MS, now).await? {
        Polled::Waiting => refuse(OAuthCode::AuthorizationPending, "nobody answered yet"),
        Polled::TooFast => refuse(OAuthCode::SlowDown, "wait 5 seconds longer between requests"),
        Polled::Denied => refuse(OAuthCode::AccessDenied, "the person did not let it in"),
        Polled::Unknown => refuse(OAuthCode::ExpiredToken, ended),
        Polled::Allowed(person, allows) => {
            let (app, pair) = new_app(doors, client, (person, allows, bound), now);
            if doors.authorizations.redeem_ask(hash, &app, now).await? {
                return Ok(pair.told(now, &app.grant));
            }
            refuse(OAuthCode::ExpiredToken, ended)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Counting(std::sync::atomic::AtomicU8);

    impl Chance for Counting {
        fn seed(&self) -> [u8; 16] {
            [self.0.fetch_add(37, std::sync::atomic::Ordering::Relaxed); 16]
        }
    }

    #[test]
    fn a_code_has_eight_letters_that_make_no_word() {
        let chance = Counting(250.into());
        for _ in 0..300 {
            let code = code(&chance);
            let (one, two) = code.split_once('-').unwrap();
            assert_eq!((one.len(), two.len()), (4, 4), "{code}");
            assert!(code.bytes().all(|byte| byte == b'-' || LETTERS.contains(&byte)), "{code}");
        }
    }

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let hash = hash_of("BCDF-GHJK");
        for typed in ["bcdf-ghjk", "BCDFGHJK", " bcdf ghjk ", "BCDF\u{2013}GHJK"] {
            assert!(hash_of(typed) == hash, "{typed}");
        }
        assert!(hash_of("BCDF-GHJL") != hash);
    }
}
