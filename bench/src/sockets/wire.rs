//! A client's end of a socket, as small as can be: thousands of them are in one process.

use anyhow::{Context, Result, bail, ensure};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::{TcpSocket, TcpStream};

/// The largest message that is read, bytes.
const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// What is read at once, bytes.
const READ_BYTES: usize = 2_048;
/// A key that says nothing: whether the answer is cached is of no interest here.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// Kinds of frames (RFC 6455 §5.2).
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// A socket of `mindshelf.sync.v1`.
pub(super) struct Socket {
    stream: TcpStream,
    /// What was read and not looked at.
    held: Vec<u8>,
}

impl Socket {
    /// Opens a socket to `to` with `token`, from one of this machine's own addresses: one has not
    /// ports enough for all.
    pub(super) async fn open(from: u8, to: SocketAddr, token: &str) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, from), 0)))?;
        let stream = socket.connect(to).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        let mut opened = Self { stream, held: Vec::new() };
        let ask = format!(
            "GET /v1/sync HTTP/1.1\r\nhost: {to}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n\
             sec-websocket-protocol: mindshelf.sync.v1\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        opened.write(ask.as_bytes()).await?;
        let end = loop {
            if let Some(end) = opened.held.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            ensure!(opened.read().await?, "hung up before it was opened");
        };
        let head = String::from_utf8_lossy(&opened.held[..end]).into_owned();
        ensure!(head.starts_with("HTTP/1.1 101"), "no socket: {head}");
        opened.held.drain(..end);
        Ok(opened)
    }

    /// Says `text`.
    pub(super) async fn say(&mut self, text: &str) -> Result<()> {
        self.send(TEXT, text.as_bytes()).await
    }

    /// The next message; none, when the other side has closed. It may be called off.
    pub(super) async fn hear(&mut self) -> Result<Option<String>> {
        loop {
            let Some((kind, from, to)) = self.frame()? else {
                if !self.read().await? {
                    return Ok(None);
                }
                continue;
            };
            let body = self.held[from..to].to_vec();
            self.held.drain(..to);
            if self.held.is_empty() {
                self.held = Vec::new();
            }
            match kind {
                TEXT => return Ok(Some(String::from_utf8(body)?)),
                PING => self.send(PONG, &body).await?,
                PONG => {}
                CLOSE => return Ok(None),
                other => bail!("a frame of kind {other}"),
            }
        }
    }

    /// The first frame of what is held, if all of it is there: its kind, and where its body is.
    fn frame(&self) -> Result<Option<(u8, usize, usize)>> {
        let [first, second, rest @ ..] = self.held.as_slice() else { return Ok(None) };
        ensure!(first & 0x80 != 0 && second & 0x80 == 0, "a frame that is cut or masked");
        let (head, length) = match (second & 0x7f, rest) {
            (126, [a, b, ..]) => (4, usize::from(u16::from_be_bytes([*a, *b]))),
            (127, rest) if rest.len() >= 8 => {
                let length = u64::from_be_bytes(rest[..8].try_into()?);
                (10, usize::try_from(length)?)
            }
            (126 | 127, _) => return Ok(None),
            (length, _) => (2, usize::from(length)),
        };
        ensure!(length <= MESSAGE_BYTES_MAX, "a message of {length} bytes");
        let end = head + length;
        Ok((self.held.len() >= end).then_some((first & 0x0f, head, end)))
    }

    /// Sends a frame. Its mask is zeros: there is nobody between who could be misled.
    async fn send(&mut self, kind: u8, body: &[u8]) -> Result<()> {
        let mut frame = vec![0x80 | kind];
        match u16::try_from(body.len()) {
            Ok(short @ 0..126) => frame.push(0x80 | u8::try_from(short)?),
            Ok(length) => {
                frame.push(0x80 | 0x7e);
                frame.extend(length.to_be_bytes());
            }
            Err(_) => bail!("this says no more than 64 KiB"),
        }
        frame.extend([0; 4]);
        frame.extend(body);
        self.write(&frame).await
    }

    async fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            self.stream.writable().await?;
            match self.stream.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Reads some more; false, when the other side has hung up.
    async fn read(&mut self) -> Result<bool> {
        loop {
            self.stream.readable().await?;
            self.held.reserve(READ_BYTES);
            match self.stream.try_read_buf(&mut self.held) {
                Ok(read) => return Ok(read > 0),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    if self.held.is_empty() {
                        self.held = Vec::new();
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
