//! Saving one link, typed, sent by the bookmarklet or shared by a phone.

use axum::{
    extract::{Query, State},
    http::{StatusCode, request::Parts},
    response::IntoResponse,
};
use serde::Deserialize;
use shelf_bookmarks::save_bookmark::{SaveBookmark, SavePlace, save_bookmark};
use shelf_domain::{refusal::Code, shelf::Reads, turn::Status, view::name_of};
use shelf_ports::Failure;

use super::{
    Answer,
    door::{ON_THE_WAY_BYTES_MAX, goes_on_to},
};
use crate::{
    frame::{self, Here},
    link,
    pages::save::{self, SavePage},
    posted::{Posted, Said},
    trouble::Trouble,
    ui::toast::Toast,
    visit::{Visit, html},
    web::Web,
    within::Within,
};

/// What the bookmarklet sends, or a phone that shares.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    url: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    small: String,
}

impl Ask {
    /// The same with its address where it belongs: phones often share it within the text.
    fn settled(self) -> Self {
        let is_address = |word: &&str| word.starts_with("https://") || word.starts_with("http://");
        let found = self.text.split_whitespace().find(is_address).map(str::to_owned);
        match found {
            Some(url) if self.url.trim().is_empty() => {
                let text = self.text.replacen(&url, "", 1).trim().to_owned();
                Self { url, text, ..self }
            }
            _ => self,
        }
    }

    /// The address of the form beneath `base` with this in it, as much of it as a browser remembers:
    /// the address to save before its title, and that before the text, which is cut.
    fn address(&self, base: &str) -> String {
        let mut path = format!("{base}/save");
        for (name, value) in [("small", &self.small), ("url", &self.url), ("title", &self.title)] {
            let longer = link::with(&path, name, value);
            if !value.is_empty() && longer.len() <= ON_THE_WAY_BYTES_MAX {
                path = longer;
            }
        }
        let mut chars = self.text.chars().count().min(ON_THE_WAY_BYTES_MAX);
        while chars > 0 {
            let text: String = self.text.chars().take(chars).collect();
            let longer = link::with(&path, "text", &text);
            if longer.len() <= ON_THE_WAY_BYTES_MAX {
                return longer;
            }
            chars /= 2;
        }
        path
    }
}

/// The form, filled with what the bookmarklet or a phone sends; nothing is saved by looking at it. Who has
/// to sign in first comes back to it.
pub(crate) async fn form(
    State(web): State<Web>,
    visit: Result<Visit, Trouble>,
    parts: Parts,
    Query(ask): Query<Ask>,
) -> Answer {
    let ask = ask.settled();
    let visit = match visit {
        Err(trouble @ Trouble::Nobody { is_part: false }) => {
            let mut response = trouble.into_response();
            let base = parts.extensions.get::<Within>().map(|within| within.path());
            let path = ask.address(&base.unwrap_or_default());
            goes_on_to(&mut response, &path, &web.reached(&parts.headers));
            return Ok(response);
        }
        visit => visit?,
    };
    let already = known(&visit, &ask.url).await?;
    let page = SavePage {
        url: ask.url,
        title: ask.title,
        text: ask.text,
        already,
        small: !ask.small.is_empty(),
        ..SavePage::default()
    };
    show(&visit, &page).await
}

async fn show(visit: &Visit, page: &SavePage) -> Answer {
    let frame = visit.frame("Save a link", Here::Save).await?;
    let inside = save::save(page, &frame);
    if page.small {
        return Ok(html(&frame::alone("Save a link", visit.theme, &frame.csrf, &inside)));
    }
    Ok(visit.page(&frame, &inside, None))
}

/// The item that holds `url` already, with its name.
async fn known(visit: &Visit, url: &str) -> Result<Option<(String, String)>, Trouble> {
    if url.is_empty() {
        return Ok(None);
    }
    let shelf = visit.ctx.stores.library.read(visit.scope, Reads::none().url(url)).await?;
    let found = shelf.by_url(url).filter(|item| item.is_living());
    Ok(found.map(|item| (item.id.to_string(), name_of(item))))
}

/// Saves it, or says why not beside the field.
pub(crate) async fn save(Posted { visit, said }: Posted) -> Answer {
    let small = said.get("small").is_some();
    let parent = said.maybe_id("folder")?;
    let ask = SaveBookmark {
        title: said.text("title").trim().to_owned(),
        notes: said.text("notes").replace("\r\n", "\n").trim().to_owned(),
        tags: said.names("tags"),
        places: parent
            .map(|id| SavePlace { parent: Some(id), ..SavePlace::default() })
            .into_iter()
            .collect(),
        unread: said.get("unread").is_some(),
        ..SaveBookmark::of(said.text("url"))
    };
    let saved = match save_bookmark(&visit.ctx, visit.scope, ask, None).await {
        Ok(saved) => saved,
        Err(Failure::Refused(refused)) if refused.code != Code::Forbidden => {
            let page = again(&said, &refused.detail, small);
            return Ok(
                (StatusCode::UNPROCESSABLE_ENTITY, show(&visit, &page).await?).into_response()
            );
        }
        Err(failure) => return Err(failure.into()),
    };
    let bookmark = &saved.bookmark;
    let name =
        if bookmark.title.is_empty() { link::site(&bookmark.url) } else { bookmark.title.clone() };
    let joined = saved.status == Status::Joined;
    let id = bookmark.id.to_string();
    if small {
        let inside = save::saved(&name, &id, joined);
        return Ok(html(&frame::alone("Saved", visit.theme, visit.csrf.expose(), &inside)));
    }
    let words =
        if joined { format!("Added to “{name}”") } else { format!("Saved “{name}”") };
    let toast = Toast { words, undo: saved.act.map(|act| act.to_string()) };
    Ok(visit.go(&format!("/library?item={id}"), Some(&toast)))
}

/// The form as it was sent, with the reason it was refused.
fn again(said: &Said, why: &str, small: bool) -> SavePage {
    SavePage {
        url: said.text("url").to_owned(),
        title: said.text("title").to_owned(),
        text: said.text("notes").to_owned(),
        tags: said.text("tags").to_owned(),
        folder: said.text("folder").to_owned(),
        url_error: Some(why.to_owned()),
        already: None,
        small,
    }
}
