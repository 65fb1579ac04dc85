//! What a client says on a socket, as a function that bytes are thrown at.

use super::said::{Said, read};

/// A message.
pub(crate) fn said(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match read(&text) {
        Ok(
            Said::Hello(Some(within), _) | Said::Follow(_, Some(within)) | Said::Push(within, ..),
        ) => assert!(within.len() < text.len(), "it stands within"),
        Ok(Said::Here(spot)) => {
            assert!(text.len() > spot.library.to_string().len(), "it stands within");
        }
        Ok(_) => {}
        Err(close) => {
            let (code, why) = close.frame();
            assert!(code == 4400 && why.len() <= 123, "a frame holds no more");
        }
    }
}
