//! Strings that try to become markup, and the proof that none does.

/// What people and pages may put in a title, a tag, a folder's name or a note.
pub(crate) const STRINGS: [&str; 14] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</textarea><svg onload=alert(1)>",
    "</title><script>1</script>",
    "<iframe src=javascript:alert(1)>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "&lt;script&gt;",
    "<!-- -->",
    "]]><x>",
    "{{7*7}}${7*7}",
    "\u{202e}gpj.exe",
    "\0<b>",
    "<style>*{display:none}</style>",
];

/// Fails when `page` holds anything alive that came from `string`.
pub(crate) fn assert_dead(page: &str, string: &str) {
    for alive in [
        "<script>alert",
        "<script>1",
        "<img",
        "<iframe",
        "<svg onload",
        "<style>",
        "<b>",
        "<x>",
        "<i>",
        "<!-- -->",
        "href=\"javascript:",
    ] {
        assert!(!page.contains(alive), "{alive} is alive from {string:?}");
    }
}
