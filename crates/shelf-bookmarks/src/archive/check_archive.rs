//! Check an archive: that every file has the bytes its manifest says, and no other is there.

use super::manifest::{FORMAT, MANIFEST, Manifest, SIGNATURE, VERSION};
use super::unpack::{Unpack, refused};
use crate::import::{ReadError, Source};
use std::collections::BTreeSet;

/// Most bytes of a manifest and of a signature.
const OWN_BYTES_MAX: u64 = 32 << 20;

/// What an archive says, and whether its files are those it speaks of.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The bytes that are signed.
    pub signed: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// What is not as the manifest says; nothing is good.
    pub wrong: Vec<String>,
}

/// Reads an archive from beginning to end. Whether the signature is that of a key, the caller asks.
pub fn check_archive(source: &mut dyn Source) -> Result<Checked, ReadError> {
    let mut archive = Unpack::open(source)?;
    let signed = whole(&mut archive, MANIFEST)?;
    let signature = whole(&mut archive, SIGNATURE)?;
    let manifest = manifest_of(&signed)?;
    let mut there: BTreeSet<String> = archive.names()?.into_iter().collect();
    there.remove(MANIFEST);
    there.remove(SIGNATURE);
    let mut wrong = Vec::new();
    for file in &manifest.files {
        if !there.remove(&file.path) {
            wrong.push(format!("{} is missing", file.path));
            continue;
        }
        let digest = archive.copy(&file.path, &mut std::io::sink())?;
        if hex::encode(digest) != file.sha256 {
            wrong.push(format!("{} is not what was written", file.path));
        }
    }
    wrong.extend(there.iter().map(|name| format!("{name} is not in the manifest")));
    Ok(Checked { manifest, signed, signature, wrong })
}

/// The manifest in these bytes; refused where it is of another program or version.
pub(crate) fn manifest_of(bytes: &[u8]) -> Result<Manifest, ReadError> {
    let manifest: Manifest = serde_json::from_slice(bytes)
        .map_err(|error| refused(format!("the manifest of the archive cannot be read: {error}")))?;
    if manifest.format != FORMAT || manifest.version != VERSION {
        let (format, version) = (&manifest.format, manifest.version);
        return Err(refused(format!(
            "the archive is of the format {format:?} {version}; read is {FORMAT} {VERSION}"
        )));
    }
    Ok(manifest)
}

/// The bytes of the file `name`, which is a small one.
pub(super) fn whole<S: Source>(archive: &mut Unpack<S>, name: &str) -> Result<Vec<u8>, ReadError> {
    let long = archive.bytes(name)?;
    let long = long.ok_or_else(|| refused(format!("there is no {name} in the archive")))?;
    if long > OWN_BYTES_MAX {
        return Err(refused(format!("{name} in the archive is too large")));
    }
    let mut bytes = Vec::new();
    archive.copy(name, &mut bytes)?;
    Ok(bytes)
}
