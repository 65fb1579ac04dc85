//! How often one may try to sign in with a name: a few times at once, then more and more slowly.

use sha2::{Digest, Sha256};
use shelf_domain::canon::folded;
use shelf_ports::credentials::{TryKey, TryRule};

/// Wrong tries in a row that cost nothing but their number.
const FREE_TRIES: u32 = 4;
/// The first pause, milliseconds; each wrong try more doubles it.
const PAUSE_MS: i64 = 1_000;
/// The longest pause, milliseconds: nobody is kept out for longer by what others try.
const PAUSE_MS_MAX: i64 = 15 * 60 * 1_000;

/// How tries are counted: for a day, under at most ten thousand names.
pub(crate) const RULE: TryRule =
    TryRule { pause_ms, forget_ms: 24 * 60 * 60 * 1_000, keys_max: 10_000 };

/// A way in; the tries of one do not close the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// By password.
    Password,
    /// By recovery code.
    Code,
}

/// What tries of a way in with a name are counted under. The name may be anybody's or nobody's.
pub(crate) fn key(way: Way, login: &str) -> TryKey {
    let way: &[u8] = match way {
        Way::Password => b"mindshelf try v1 password ",
        Way::Code => b"mindshelf try v1 code ",
    };
    TryKey(Sha256::new().chain_update(way).chain_update(folded(login)).finalize().into())
}

/// The pause after so many wrong tries in a row, milliseconds.
fn pause_ms(tries: u32) -> i64 {
    let Some(doublings) = tries.checked_sub(FREE_TRIES + 1) else { return 0 };
    PAUSE_MS.checked_shl(doublings.min(20)).map_or(PAUSE_MS_MAX, |ms| ms.min(PAUSE_MS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_tries_make_a_pause_that_doubles_up_to_a_quarter_of_an_hour() {
        assert_eq!([0, 1, 4].map(pause_ms), [0, 0, 0]);
        assert_eq!([5, 6, 7, 14].map(pause_ms), [1_000, 2_000, 4_000, 512_000]);
        assert_eq!([15, 16, 99, u32::MAX].map(pause_ms), [900_000; 4]);
    }

    #[test]
    fn tries_are_counted_by_name_however_it_is_written_and_by_way() {
        assert!(key(Way::Password, " Ada ") == key(Way::Password, "ADA"));
        assert!(key(Way::Password, "ada") != key(Way::Password, "ben"));
        assert!(key(Way::Password, "ada") != key(Way::Code, "ada"));
    }
}
