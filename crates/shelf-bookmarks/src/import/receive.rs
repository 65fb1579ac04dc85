//! Takes in a file that is sent: within a bound, and only whole.

use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::blobs::Blobs;
use shelf_ports::{Failure, Fault};
use std::fs::File;
use std::pin::pin;
use tokio::io::AsyncWriteExt;

/// A file that came in; gone when it is closed.
#[derive(Debug)]
pub struct Received {
    /// Its content, at its end.
    pub file: File,
    /// SHA-256 of its content.
    pub digest: [u8; 32],
}

/// Takes in `portions` to their end. Refused `too_large` beyond `bytes_max`, and `invalid` where
/// it breaks off or is empty.
pub async fn receive<B: AsRef<[u8]>, E>(
    blobs: &dyn Blobs,
    portions: impl Stream<Item = Result<B, E>>,
    bytes_max: u64,
) -> Result<Received, Failure> {
    let fault = |error| Failure::from(Fault::of_file("keeping a file that is sent", error));
    let mut file = tokio::fs::File::from_std(blobs.draft().await?);
    let (mut portions, mut bytes, mut digest) = (pin!(portions), 0_u64, Sha256::new());
    while let Some(portion) = portions.next().await {
        let broken = |_| Refused::invalid("file", "it broke off before its end; send it again");
        let portion = portion.map_err(broken)?;
        let portion = portion.as_ref();
        bytes = bytes.saturating_add(portion.len() as u64);
        if bytes > bytes_max {
            let detail = format!("a file has at most {bytes_max} bytes");
            return Err(Refused::new(Code::TooLarge, "file", detail).into());
        }
        digest.update(portion);
        file.write_all(portion).await.map_err(fault)?;
    }
    if bytes == 0 {
        return Err(Refused::invalid("file", "it is empty").into());
    }
    file.flush().await.map_err(fault)?;
    Ok(Received { file: file.into_std().await, digest: digest.finalize().into() })
}
