//! A body unpacked while it arrives, never further than it may grow.

use flate2::write::MultiGzDecoder;
use hyper::header::{CONTENT_ENCODING, HeaderMap};
use shelf_ports::outbound::{Refusal, Trouble, Unanswered};
use std::io::{self, Write};

/// Up to here a body may be as well packed as it likes: an empty table packs well, too.
const RATIO_FROM_BYTES: usize = 64 << 10;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Plain,
    Gzip,
}

impl Coding {
    /// What the headers say: at most one layer, and one that was asked for.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut said = headers.get_all(CONTENT_ENCODING).iter();
        let (first, second) = (said.next(), said.next());
        let Some(first) = first else { return Ok(Self::Plain) };
        let name = first.to_str().map_err(|_| Refusal::Coding)?.trim().to_ascii_lowercase();
        match name.as_str() {
            _ if second.is_some() => Err(Refusal::Coding),
            "" | "identity" => Ok(Self::Plain),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            _ => Err(Refusal::Coding),
        }
    }
}

/// How far a body may grow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Growth {
    pub(crate) body_bytes: usize,
    pub(crate) ratio: usize,
}

/// What has been unpacked so far. Refuses the first byte too many, wherever it is in a piece.
#[derive(Debug)]
struct Unpacked {
    body: Vec<u8>,
    /// What has arrived for it.
    wire_bytes: usize,
    growth: Growth,
}

impl Write for Unpacked {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let bytes = self.body.len() + piece.len();
        if bytes > self.growth.body_bytes {
            return Err(io::Error::other(Refusal::Body));
        }
        let packed_well = self.wire_bytes.saturating_mul(self.growth.ratio);
        if bytes > RATIO_FROM_BYTES && bytes > packed_well {
            return Err(io::Error::other(Refusal::Bomb));
        }
        self.body.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Unpacks one body.
#[derive(Debug)]
pub(crate) enum Unpacker {
    Plain(Plain),
    Gzip(Box<Gzip>),
}

/// Hides what only [`Unpacker`] may touch.
#[derive(Debug)]
pub(crate) struct Plain(Unpacked);

/// As [`Plain`].
#[derive(Debug)]
pub(crate) struct Gzip(MultiGzDecoder<Unpacked>);

impl Unpacker {
    /// Unpacks what is packed by `coding`.
    pub(crate) fn new(coding: Coding, growth: Growth) -> Self {
        let unpacked = Unpacked { body: Vec::new(), wire_bytes: 0, growth };
        match coding {
            Coding::Plain => Self::Plain(Plain(unpacked)),
            Coding::Gzip => Self::Gzip(Box::new(Gzip(MultiGzDecoder::new(unpacked)))),
        }
    }

    /// Takes the next piece as it travelled.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Result<(), Unanswered> {
        let taken = match self {
            Self::Plain(Plain(unpacked)) => {
                unpacked.wire_bytes += piece.len();
                unpacked.write_all(piece)
            }
            Self::Gzip(gzip) => {
                gzip.0.get_mut().wire_bytes += piece.len();
                gzip.0.write_all(piece).and_then(|()| gzip.0.flush())
            }
        };
        taken.map_err(|error| why(&error))
    }

    /// What has been unpacked so far.
    pub(crate) fn so_far(&self) -> &[u8] {
        match self {
            Self::Plain(Plain(unpacked)) => &unpacked.body,
            Self::Gzip(gzip) => &gzip.0.get_ref().body,
        }
    }

    /// The whole body, if it is whole.
    pub(crate) fn finish(self) -> Result<Vec<u8>, Unanswered> {
        match self {
            Self::Plain(Plain(unpacked)) => Ok(unpacked.body),
            // A packed body of no bytes at all is an empty body: servers send that.
            Self::Gzip(gzip) if gzip.0.get_ref().wire_bytes == 0 => Ok(Vec::new()),
            Self::Gzip(gzip) => {
                gzip.0.finish().map(|unpacked| unpacked.body).map_err(|error| why(&error))
            }
        }
    }
}

/// The refusal inside `error`; any other means that the body is not packed as it is said to be.
fn why(error: &io::Error) -> Unanswered {
    let refused = error.get_ref().and_then(|inside| inside.downcast_ref::<Refusal>());
    refused.map_or(Trouble::Broken.into(), |refusal| (*refusal).into())
}
