//! A vault for tests: hides bytes from a search for them, and nothing more.

use async_trait::async_trait;
use shelf_ports::Fault;
use shelf_ports::vault::{Of, Owner, Vault};

/// What everything it sealed begins with.
const BEGINS: &[u8] = b"a fake seal";
/// Bits that are turned.
const TURNED: u8 = 0x5a;

/// Seals by turning bits, and opens as the same thing of the same owner alone. Forgets no key.
#[derive(Clone, Copy, Debug, Default)]
pub struct FakeVault;

fn head(owner: Owner, of: Of) -> Vec<u8> {
    let (part, id) = (of.part.to_be_bytes(), owner.to_bytes());
    [BEGINS, owner.kind().as_bytes(), &id, of.what.as_bytes(), &of.id, &part].concat()
}

fn turned(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| byte ^ TURNED).collect()
}

#[async_trait]
impl Vault for FakeVault {
    async fn seal(&self, owner: Owner, of: Of, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        Ok([head(owner, of), turned(plain)].concat())
    }

    async fn open(&self, owner: Owner, of: Of, sealed: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let body = sealed.strip_prefix(head(owner, of).as_slice());
        let body =
            body.ok_or_else(|| Fault::new("opening what is sealed", "it is another thing"))?;
        Ok(Some(turned(body)))
    }
}
