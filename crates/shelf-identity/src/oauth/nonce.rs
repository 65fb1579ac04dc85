//! What a program has to repeat in a proof, so that nobody makes proofs for later (RFC 9449 §8).
//!
//! A nonce follows from the moment and from a key that is kept once for all processes, so that what
//! one gave out holds at another.

use super::OAuthDoors;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use shelf_ports::Fault;
use shelf_ports::accounts::RESTORED_OF;

/// The setting, of nobody, that holds the key.
const SETTING: &str = "dpop_nonce_key";
/// How long one nonce is given out, milliseconds; it holds for as long again.
const STEP_MS: i64 = 5 * 60 * 1_000;

/// The nonce to use now.
pub async fn nonce(doors: &OAuthDoors) -> Result<String, Fault> {
    Ok(made(&key(doors, SETTING).await?, step(doors)))
}

/// Whether `sent` was given out within the last minutes.
pub async fn holds(doors: &OAuthDoors, sent: &str) -> Result<bool, Fault> {
    let (key, step) = (key(doors, SETTING).await?, step(doors));
    Ok([step, step - 1].into_iter().any(|step| made(&key, step) == sent))
}

fn step(doors: &OAuthDoors) -> i64 {
    doors.doors.clock.now_ms().div_euclid(STEP_MS)
}

fn made(key: &str, step: i64) -> String {
    let hash = Sha256::new()
        .chain_update("mindshelf.nonce.1\0")
        .chain_update(key)
        .chain_update(step.to_be_bytes())
        .finalize();
    URL_SAFE_NO_PAD.encode(&hash[..16])
}

/// The key in the setting `name` of nobody, made now where there is none: the same in all processes.
pub(super) async fn key(doors: &OAuthDoors, name: &str) -> Result<String, Fault> {
    let accounts = &doors.doors.accounts;
    if let Some(known) = accounts.setting(RESTORED_OF, name).await? {
        return Ok(known);
    }
    let made = Secret::new(&*doors.doors.chance);
    accounts.put_setting(RESTORED_OF, name, made.expose()).await?;
    // Of several that make one at once the last stays, and all use that.
    let kept = accounts.setting(RESTORED_OF, name).await?;
    Ok(kept.unwrap_or_else(|| made.expose().to_owned()))
}
