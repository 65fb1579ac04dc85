//! Parts of lists by `limit` and `offset`, with addresses of the parts before and after.

use crate::facades::call::Call;
use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

/// Rows where the caller does not say.
const LIMIT: usize = 100;
/// Most rows of one part; apps ask for as many at once and then follow `next`.
const LIMIT_MAX: usize = 5_000;

/// Which part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Rows before it.
    pub offset: usize,
    /// Rows of it.
    pub limit: usize,
}

impl Window {
    /// What `call` asks for; what is no number says nothing.
    pub(super) fn of(call: &Call) -> Self {
        Self::read(call.said("limit"), call.said("offset"))
    }

    fn read(limit: Option<&str>, offset: Option<&str>) -> Self {
        let number = |text: Option<&str>| text.and_then(|text| text.trim().parse::<usize>().ok());
        let limit = number(limit).filter(|limit| *limit > 0).unwrap_or(LIMIT).min(LIMIT_MAX);
        Self { offset: number(offset).unwrap_or(0), limit }
    }

    /// The first row after it.
    pub(super) const fn end(&self) -> usize {
        self.offset.saturating_add(self.limit)
    }

    /// Whether the row `at` is of it.
    pub(super) fn holds(&self, at: usize) -> bool {
        (self.offset..self.end()).contains(&at)
    }

    /// Where `rows` of it end.
    pub(super) fn offset_of<T>(&self, rows: &[T]) -> usize {
        if rows.is_empty() { 0 } else { self.offset.saturating_add(rows.len()) }
    }

    /// The rows of `all` that are of it.
    pub(super) fn cut<T>(&self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip(self.offset).take(self.limit).collect()
    }

    /// The answer with `rows` of it, of `count` in all.
    pub(super) fn answer<T: Serialize>(&self, call: &Call, rows: &[T], count: usize) -> Response {
        let limit = ("limit", Some(self.limit));
        let at = |offset: Option<usize>| call.link(&[limit, ("offset", offset)]);
        let next = (self.end() < count).then(|| at(Some(self.end())));
        let before = self.offset.checked_sub(self.limit).filter(|before| *before > 0);
        let previous = (self.offset > 0).then(|| at(before));
        let body = json!({ "count": count, "next": next, "previous": previous, "results": rows });
        Json(body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_says_nothing_and_no_part_is_without_end() {
        let whole = Window { offset: 0, limit: LIMIT };
        for limit in [None, Some("0"), Some("-5"), Some("x"), Some("")] {
            assert_eq!(Window::read(limit, Some("-1")), whole, "{limit:?}");
        }
        assert_eq!(Window::read(Some("5000"), Some("7")), Window { offset: 7, limit: 5_000 });
        assert_eq!(Window::read(Some("999999"), None).limit, LIMIT_MAX);
        let far = Window::read(Some("5000"), Some(&usize::MAX.to_string()));
        assert!(!far.holds(0) && far.cut(vec![1]).is_empty());
    }
}
