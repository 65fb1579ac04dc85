//! Privacy: everything out as one file, what is done with it, and having all of it erased.

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use futures::{StreamExt, stream};
use shelf_bookmarks::archive::{Contents, OwnFile, Sign, WriteArchive, write_archive};
use shelf_domain::{
    privacy::Purpose,
    refusal::{Code, Refused},
};
use shelf_identity::{
    Typed,
    audit::record_export,
    libraries,
    passwords::by_them::asks,
    privacy::{
        account_file::{ACCOUNT_FILE, account_file},
        ask_erasure::{ask_erasure, erasure_of, take_back_erasure},
        choose::{consent, decided, object, restrict},
        notice::{KEPT, NOTICE},
        recipients::recipients,
        signing::signing_key,
    },
};
use shelf_ports::{Failure, Fault};
use tokio::sync::mpsc;

use super::{
    Answer,
    exports::{body_of, room_beside},
    passkeys::offered,
};
use crate::{
    frame::Here,
    pages::privacy::{Agreed, Leaving, PrivacyPage, privacy},
    posted::{Posted, Said},
    trouble::Trouble,
    ui::toast::Toast,
    visit::{Visit, moment},
};

/// Chunks that may wait for the browser.
const WAITING_MAX: usize = 4;
/// Where the page is.
const PAGE: &str = "/settings/privacy";

/// The page.
pub(crate) async fn page(visit: Visit) -> Answer {
    shown(&visit, None).await
}

/// The page, with why the erasure was refused, if it was: at which field, and the sentence.
async fn shown(visit: &Visit, refused: Option<(String, String)>) -> Answer {
    let (doors, person) = (&visit.web.privacy, visit.ctx.person);
    let decided = decided(doors, person).await?;
    let leaving = erasure_of(doors, person).await?.map(|one| Leaving {
        due_at: moment(one.due_at),
        receipt: one.receipt.to_string(),
        begun: one.begun_at.is_some(),
    });
    let agreed = decided.consents.iter().rev().map(|one| Agreed {
        purpose: one.purpose,
        given: one.given,
        at: moment(one.at),
    });
    let page = PrivacyPage {
        asks: asks(&visit.web.passwords, &visit.signed).await?,
        offered: offered(&visit.reached),
        recipients: recipients(doors, person)
            .await?
            .into_iter()
            .map(|one| (one.kind, one.name))
            .collect(),
        agreed: agreed.collect(),
        choices: decided.choices,
        notice: &NOTICE,
        kept: &KEPT,
        leaving,
        refused,
    };
    let frame = visit.frame("Privacy", Here::Settings).await?;
    Ok(visit.page(&frame, &privacy(&page, &frame), None))
}

/// Everything as one signed file; a failure on the way breaks the download off.
pub(crate) async fn archive(visit: Visit) -> Answer {
    room_beside(&visit)?;
    let download = visit.web.throttle.download(visit.ctx.person)?;
    let (ask, sign) = archive_of(&visit).await?;
    let (chunks, mut receiver) = mpsc::channel::<Vec<u8>>(WAITING_MAX);
    let ctx = visit.ctx.clone();
    let writing = visit.web.tasks.spawn(async move {
        let written = write_archive(&ctx, ask, sign, chunks).await;
        drop(download);
        written
    });
    // The first piece is waited for, so that what is refused at once is told on a page.
    let Some(first) = receiver.recv().await else {
        let failed = match writing.await {
            Ok(written) => written.err(),
            Err(join) => Some(Fault::new("writing an archive", join).into()),
        };
        return Err(failed.map_or_else(|| Trouble::not_found("archive"), Trouble::from));
    };
    let first = stream::once(async { Ok::<_, axum::Error>(Bytes::from(first)) });
    let all = first.chain(body_of(receiver, writing).into_data_stream());
    // Whoever compresses it asks once more after the end.
    let mut response = Body::from_stream(all.fuse()).into_response();
    let headers = response.headers_mut();
    let named = HeaderValue::from_static("attachment; filename=\"mindshelf-archive.zip\"");
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(header::CONTENT_DISPOSITION, named);
    Ok(response)
}

/// What the archive holds, and what signs it.
async fn archive_of(visit: &Visit) -> Result<(WriteArchive, Sign), Trouble> {
    let doors = &visit.web.privacy;
    let account = account_file(doors, &visit.signed).await?;
    let key = signing_key(doors).await?;
    let reach = libraries(&visit.web.doors, &visit.signed).await?;
    for reach in &reach {
        record_export(&visit.web.doors, visit.actor(), reach.library.scope()).await?;
    }
    let said = Said::read(visit.uri.query().unwrap_or_default().as_bytes());
    let contents = if said.text("files") == "none" { Contents::Without } else { Contents::All };
    let what = "what is known of the account, without secrets".to_owned();
    let ask = WriteArchive {
        server: visit.reached.to_string(),
        name: visit.signed.person.name.clone(),
        key: key.public(),
        files: vec![OwnFile { path: ACCOUNT_FILE.to_owned(), what, bytes: account }],
        libraries: reach.into_iter().map(|reach| reach.library).collect(),
        contents,
    };
    let sign: Sign = Box::new(move |bytes| key.sign(bytes));
    Ok((ask, sign))
}

/// Asks to be erased.
pub(crate) async fn erase(Posted { visit, said }: Posted) -> Answer {
    let typed = Typed::new(said.text("password"));
    let (status, at, detail) = match ask_erasure(&visit.web.privacy, &visit.signed, &typed).await {
        Ok(_) => {
            let words = "You will be erased in seven days. You can take that back until then";
            return Ok(visit.go(PAGE, Some(&Toast { words: words.into(), undo: None })));
        }
        Err(Failure::Refused(Refused { code, at, detail })) => match code {
            Code::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, at, detail),
            Code::Forbidden => (StatusCode::FORBIDDEN, at, detail),
            Code::SlowDown => (StatusCode::TOO_MANY_REQUESTS, at, detail),
            _ => return Err(Refused { code, at, detail }.into()),
        },
        Err(fault) => return Err(fault.into()),
    };
    Ok((status, shown(&visit, Some((at, detail))).await?).into_response())
}

/// Takes back that one asked.
pub(crate) async fn stay(Posted { visit, .. }: Posted) -> Answer {
    take_back_erasure(&visit.web.privacy, &visit.signed).await?;
    Ok(visit.go(PAGE, Some(&Toast { words: "Nothing will be erased".into(), undo: None })))
}

/// Restricts what is done with what is theirs, or lifts that.
pub(crate) async fn restriction(Posted { visit, said }: Posted) -> Answer {
    restrict(&visit.web.privacy, &visit.signed, said.text("on") == "yes").await?;
    Ok(visit.go(PAGE, None))
}

/// Puts what is objected to.
pub(crate) async fn objections(Posted { visit, said }: Posted) -> Answer {
    let objected = said.all("purpose").filter_map(Purpose::named).collect();
    object(&visit.web.privacy, &visit.signed, objected).await?;
    Ok(visit.go(PAGE, Some(&Toast { words: "Noted".into(), undo: None })))
}

/// Agrees to something, or takes that back.
pub(crate) async fn consents(Posted { visit, said }: Posted) -> Answer {
    let purpose = Purpose::named(said.text("purpose"));
    let purpose = purpose.ok_or_else(|| Refused::not_found("purpose"))?;
    consent(&visit.web.privacy, &visit.signed, purpose, said.text("on") == "yes").await?;
    Ok(visit.go(PAGE, None))
}
