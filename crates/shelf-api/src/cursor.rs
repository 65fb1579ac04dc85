//! Opaque cursors: where a list goes on, readable by nobody but the list that gave it.

use crate::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest cursor that is read, in characters.
const CURSOR_CHARS_MAX: usize = 4_096;

/// The cursor of the list `list` at `position`.
pub(crate) fn seal(list: &str, position: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(list, position)).unwrap_or_default())
}

/// Reads a cursor of the list `list` back.
pub(crate) fn open<T: DeserializeOwned>(list: &str, cursor: &str) -> Result<T, Problem> {
    let unknown = || Problem::query("cursor", "this is no cursor of this list");
    if cursor.len() > CURSOR_CHARS_MAX {
        return Err(unknown());
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| unknown())?;
    let (of, position): (String, T) = serde_json::from_slice(&bytes).map_err(|_| unknown())?;
    if of == list { Ok(position) } else { Err(unknown()) }
}

/// Reads a cursor of the list `list` back, where there is one.
pub(crate) fn after<T: DeserializeOwned>(
    list: &str,
    cursor: Option<&str>,
) -> Result<Option<T>, Problem> {
    cursor.map(|cursor| open(list, cursor)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_by_its_own_list_alone() {
        let cursor = seal("tags", &7_u64);
        assert_eq!(open::<u64>("tags", &cursor).unwrap(), 7);
        assert!(open::<u64>("trash", &cursor).is_err());
        assert!(open::<u64>("tags", "!!").is_err() && open::<u64>("tags", "").is_err());
    }
}
