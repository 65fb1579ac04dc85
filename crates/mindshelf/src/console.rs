//! The console printer: the one place that writes to the terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::time::Duration;

/// Says `text` on standard output. A reader that has gone away is no error.
pub(crate) fn say(text: impl Display) {
    let mut out = stdout().lock();
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// Writes `bytes` to standard output as they are.
pub(crate) fn write(bytes: &[u8]) -> std::io::Result<()> {
    stdout().lock().write_all(bytes)
}

/// Ends what was written by [`write`].
pub(crate) fn flush() -> std::io::Result<()> {
    stdout().lock().flush()
}

/// Says `text` on standard error.
pub(crate) fn warn(text: impl Display) {
    drop(writeln!(stderr().lock(), "{text}"));
}

/// Whether someone watches standard error.
pub(crate) fn is_watched() -> bool {
    stderr().is_terminal()
}

/// A bar on standard error that shows itself only to someone who watches.
pub(crate) fn bar() -> ProgressBar {
    let target =
        if is_watched() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    let style = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {pos}/{len} {elapsed}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
