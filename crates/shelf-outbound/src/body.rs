//! The body of an answer: read, unpacked and looked at as far as it may go, and no further.

use crate::caps::Caps;
use crate::exchange::{Reply, met};
use crate::sniff::{LOOKED_AT_BYTES, agrees};
use crate::unpack::{Coding, Growth, Unpacker};
use http_body_util::BodyExt;
use hyper::body::Body;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use shelf_ports::outbound::{Bounds, Refusal, Unanswered};

/// Reads the body of `reply` if it is one of `types`.
pub(crate) async fn read(
    mut reply: Reply,
    types: &[String],
    bounds: &Bounds,
    caps: &Caps,
) -> Result<Vec<u8>, Unanswered> {
    let headers = reply.response.headers();
    let (name, coding) = (media_type(headers, types)?, Coding::of(headers)?);
    let wire_max = caps.wire_bytes.min(bounds.wire_bytes);
    let said = reply.response.body().size_hint().lower();
    if usize::try_from(said).map_or(true, |bytes| bytes > wire_max) {
        return Err(Refusal::Body.into());
    }
    let growth = Growth { body_bytes: caps.body_bytes.min(bounds.body_bytes), ratio: caps.ratio };
    let mut unpacker = Unpacker::new(coding, growth);
    let (mut wire_bytes, mut looked_at) = (0, false);
    while let Some(frame) = reply.response.body_mut().frame().await {
        let frame = frame.map_err(|error| met(&error))?;
        // Trailers say nothing that is read here.
        let Some(piece) = frame.data_ref() else { continue };
        wire_bytes += piece.len();
        if wire_bytes > wire_max {
            return Err(Refusal::Body.into());
        }
        unpacker.take(piece)?;
        if !looked_at && unpacker.so_far().len() >= LOOKED_AT_BYTES {
            looks_right(&name, unpacker.so_far())?;
            looked_at = true;
        }
    }
    let body = unpacker.finish()?;
    looks_right(&name, &body)?;
    Ok(body)
}

fn looks_right(name: &str, body: &[u8]) -> Result<(), Refusal> {
    if agrees(name, body) { Ok(()) } else { Err(Refusal::Disguised) }
}

/// The media type the headers name, if it is wanted. An answer that names none, or two, is none.
fn media_type(headers: &HeaderMap, types: &[String]) -> Result<String, Refusal> {
    let mut said = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (said.next(), said.next()) else { return Err(Refusal::Type) };
    let value = value.to_str().map_err(|_| Refusal::Type)?;
    let name = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if types.iter().any(|wanted| wanted.eq_ignore_ascii_case(&name)) {
        Ok(name)
    } else {
        Err(Refusal::Type)
    }
}
