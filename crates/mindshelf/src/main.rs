//! The `mindshelf` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    let outside = mindshelf::Outside::of_this_process();
    mindshelf::run(&outside)
}
