//! A socket of `mindshelf.sync.v1` by hand (RFC 6455): frames as they are on the wire, so that wrong
//! ones can be sent as well.

use serde_json::Value;
use shelf_client::{Duplex, Http, Method, Request, Transport, header};
use std::fmt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What is spoken.
pub(crate) const PROTOCOL: &str = "mindshelf.sync.v1";
/// Any key will do: what it stands for is proved by the client's own tests.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// Most bytes of a frame that is read.
const FRAME_MAX: u64 = 8 << 20;
/// Any mask will do, too.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The first byte of a whole text.
pub(crate) const TEXT: u8 = 0x81;
/// The first byte of an end.
const CLOSE: u8 = 0x88;
/// The first byte of the answer to whether one is there.
const PONG: u8 = 0x8a;
/// The first byte of the question whether one is there.
const PING: u8 = 0x89;

/// A frame of a client.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(length) if length < 126 => frame.push(0x80 | u8::try_from(length).unwrap()),
        Ok(length) => {
            frame.push(0x80 | 0x7e);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 0x7f);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// An open socket.
pub(crate) struct Socket(Box<dyn Duplex>);

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Socket(..)")
    }
}

impl Socket {
    /// Opens one; `None` where that does not come to pass.
    pub(crate) async fn open(way: &Http, token: header::HeaderValue) -> Option<Self> {
        let fixed = header::HeaderValue::from_static;
        let request = Request::new(Method::GET, "/v1/sync")
            .header(header::AUTHORIZATION, token)
            .header(header::CONNECTION, fixed("Upgrade"))
            .header(header::UPGRADE, fixed("websocket"))
            .header(header::SEC_WEBSOCKET_VERSION, fixed("13"))
            .header(header::SEC_WEBSOCKET_PROTOCOL, fixed(PROTOCOL))
            .header(header::SEC_WEBSOCKET_KEY, fixed(KEY));
        Some(Self(way.upgrade(request).await.ok()?.stream))
    }

    /// Says a message; `None` where the socket is lost.
    pub(crate) async fn say(&mut self, message: &Value) -> Option<()> {
        self.0.write_all(&frame(TEXT, message.to_string().as_bytes())).await.ok()?;
        self.0.flush().await.ok()
    }

    /// The next message; `None` where the socket is lost or closed.
    pub(crate) async fn heard(&mut self) -> Option<Value> {
        loop {
            let (first, payload) = self.frame().await?;
            match first {
                TEXT => return serde_json::from_slice(&payload).ok(),
                CLOSE => return None,
                PING => self.0.write_all(&frame(PONG, &payload)).await.ok()?,
                _ => {}
            }
        }
    }

    async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let [first, length] = self.bytes::<2>().await?;
        let length = match length & 0x7f {
            126 => u64::from(u16::from_be_bytes(self.bytes().await?)),
            127 => u64::from_be_bytes(self.bytes().await?),
            length => u64::from(length),
        };
        assert!(length <= FRAME_MAX, "a frame of {length} bytes");
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).await.ok()?;
        Some((first, payload))
    }

    async fn bytes<const COUNT: usize>(&mut self) -> Option<[u8; COUNT]> {
        let mut bytes = [0; COUNT];
        self.0.read_exact(&mut bytes).await.ok()?;
        Some(bytes)
    }
}
