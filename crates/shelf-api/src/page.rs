//! Query parameters, pages of lists and the link to the next page.

use crate::problem::Problem;
use axum::Json;
use axum::extract::{FromRequestParts, Query};
use axum::http::header::LINK;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Rows on a page when the caller does not say.
const LIMIT: usize = 50;
/// Most rows on a page.
pub(crate) const LIMIT_MAX: usize = 200;

/// Query parameters of the shape `T`; unknown ones are refused by name.
#[derive(Debug)]
pub(crate) struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Query(query) = Query::try_from_uri(&parts.uri).map_err(|rejection| {
            let detail = rejection.body_text();
            let detail = detail.rsplit_once(": ").map_or(detail.as_str(), |(_, last)| last);
            Problem::query("", detail)
        })?;
        Ok(Self(query))
    }
}

/// Which page of a list that takes no other question.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Rows on the page, 1 to 200; 50 where it is not said.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// The address of the request, for links to it.
#[derive(Debug)]
pub(crate) struct Here(Uri);

impl<S: Send + Sync> FromRequestParts<S> for Here {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.uri.clone()))
    }
}

impl Here {
    /// The header that links to the next page, where there is one.
    pub(crate) fn link(&self, next_cursor: Option<&str>) -> HeaderMap {
        let next = next_cursor.and_then(|cursor| self.next(cursor));
        next.map(|link| (LINK, link)).into_iter().collect()
    }

    /// This address with another cursor, as the value of `Link`.
    fn next(&self, cursor: &str) -> Option<HeaderValue> {
        let kept = self.0.query().unwrap_or_default().split('&').filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !pair.is_empty() && name != "cursor"
        });
        let mut query: Vec<&str> = kept.collect();
        let cursor = format!("cursor={cursor}");
        query.push(&cursor);
        let path = self.0.path();
        HeaderValue::from_str(&format!("<{path}?{}>; rel=\"next\"", query.join("&"))).ok()
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Paged<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T: Serialize> Paged<T> {
    /// A whole list that fits on one page.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }

    /// The answer, with the link to the next page.
    pub(crate) fn answer(self, here: &Here) -> Response {
        let link = here.link(self.next_cursor.as_deref());
        (link, Json(self)).into_response()
    }
}

/// The number of rows a caller gets who asked for `limit`.
pub(crate) fn limit_of(limit: Option<u32>) -> Result<usize, Problem> {
    match limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)) {
        None => Ok(LIMIT),
        Some(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::query("limit", format!("this is 1 to {LIMIT_MAX}"))),
    }
}

/// Leaves `limit` of `rows`, of which one more was asked for. Answers the last one that is left, where
/// there are more.
pub(crate) fn cut<T>(rows: &mut Vec<T>, limit: usize) -> Option<&T> {
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| has_more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_the_question_and_changes_the_cursor() {
        let here = Here(Uri::from_static("/v1/x?tag=a%20b&cursor=old&limit=5"));
        assert_eq!(here.next("new").unwrap(), "</v1/x?tag=a%20b&limit=5&cursor=new>; rel=\"next\"");
        let bare = Here(Uri::from_static("/v1/x"));
        assert_eq!(bare.next("new").unwrap(), "</v1/x?cursor=new>; rel=\"next\"");
    }

    #[test]
    fn a_page_goes_on_after_its_last_row_only_where_there_is_another() {
        let mut rows = vec![1, 2, 3];
        assert_eq!(cut(&mut rows, 2), Some(&2));
        assert_eq!(cut(&mut rows, 2), None);
        assert_eq!(rows, [1, 2]);
        assert_eq!(cut(&mut Vec::<u8>::new(), 1), None);
    }
}
