//! Moments and days: told in UTC by the server, in the reader's own zone where scripts run.

use maud::{Markup, html};
use time::OffsetDateTime;

use crate::words;

/// A day.
pub fn day(at: OffsetDateTime) -> Markup {
    html! { time datetime=(words::machine(at)) data-tell="day" { (words::day(at)) } }
}

/// A day with its time; says that it is UTC.
pub fn moment(at: OffsetDateTime) -> Markup {
    html! { time datetime=(words::machine(at)) data-tell="moment" { (words::moment(at)) " UTC" } }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_says_in_which_zone_it_is_told() {
        let out = moment(datetime!(2026-03-12 12:00 UTC)).into_string();
        assert!(out.ends_with(">12 Mar 2026, 12:00 UTC</time>"), "{out}");
        assert!(out.contains("datetime=\"2026-03-12T12:00:00Z\""));
    }
}
