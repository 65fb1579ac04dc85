//! A device without a browser asks to be let in: its code is typed, and the person answers
//! (RFC 8628).

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use shelf_domain::refusal::Code;
use shelf_identity::oauth::device::{answer_device, look_at_device};
use shelf_ports::Failure;

use super::{
    Answer,
    consent::{Visitor, allowance, libraries},
};
use crate::{
    frame::alone,
    pages::consent::{ConsentPage, Device, consent, told, type_code},
    posted::{Posted, Said},
    visit::{Visit, html},
};

/// Where a code is typed; one that stands in the address is not looked up before it is sent.
pub(crate) async fn page(visitor: Visitor) -> Answer {
    let visit = visitor.into_visit();
    let said = Said::read(visit.uri.query().unwrap_or_default().as_bytes());
    Ok(typing(&visit, said.text("code"), false))
}

fn typing(visit: &Visit, code: &str, is_unknown: bool) -> Response {
    let csrf = visit.csrf.expose();
    html(&alone("Let a device in", visit.theme, csrf, &type_code(csrf, code, is_unknown)))
}

/// What waits under a code, put to the person.
pub(crate) async fn look(Posted { visit, said }: Posted) -> Answer {
    asked(&visit, said.text("code"), None).await
}

async fn asked(visit: &Visit, code: &str, refused: Option<String>) -> Answer {
    let Some((ask, client)) = look_at_device(&visit.web.oauth, code).await? else {
        return Ok((StatusCode::NOT_FOUND, typing(visit, code, true)).into_response());
    };
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let shown = code.trim().to_ascii_uppercase();
    let page = ConsentPage {
        program: client.name,
        goes_to: None,
        device: Some(Device { name: ask.device, place: ask.place, code: shown }),
        permits: ask.permits,
        libraries: libraries(visit, ask.permits),
        person: visit.signed.person.name.clone(),
        action: "/device/answer",
        fields: vec![("code".to_owned(), code.to_owned())],
        refused,
    };
    let csrf = visit.csrf.expose();
    let page = html(&alone("Let a device in", visit.theme, csrf, &consent(&page, csrf)));
    Ok((status, page).into_response())
}

/// The person's answer, which the device finds when it asks next.
pub(crate) async fn answer(Posted { visit, said }: Posted) -> Answer {
    let code = said.text("code");
    let yes = said.text("answer") == "yes";
    let allows = if yes { allowance(&said).map(Some) } else { Ok(None) };
    let answered = match allows {
        Ok(allows) => answer_device(&visit.web.oauth, &visit.signed, code, allows).await,
        Err(failure) => Err(failure),
    };
    match answered {
        Ok(()) if yes => Ok(done(&visit, "It is in", "The device goes on by itself in a moment.")),
        Ok(()) => Ok(done(&visit, "It stays out", "The device is told that you said no.")),
        Err(Failure::Refused(refused)) if refused.code != Code::NotFound => {
            asked(&visit, code, Some(refused.detail)).await
        }
        Err(Failure::Refused(_)) => {
            Ok((StatusCode::NOT_FOUND, typing(&visit, code, true)).into_response())
        }
        Err(failure) => Err(failure.into()),
    }
}

fn done(visit: &Visit, heading: &str, sentence: &str) -> Response {
    html(&alone(heading, visit.theme, "", &told(heading, sentence)))
}
