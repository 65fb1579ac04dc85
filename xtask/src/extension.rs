//! The tests of the extension of browsers, by Node alone, and its types, by a compiler that reads
//! them and makes nothing; never done without.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::console;
use crate::judges;
use crate::steps::Desk;

/// Where the extension lies.
const EXTENSION: &str = "extension";
/// How the name of a file of tests ends.
const TESTS: &str = ".test.js";

/// The project whose types are to hold.
const TYPES: &str = "extension";
/// The project in which the compiler is to find mistakes, and how many: a yes of one that reads
/// nothing counts for nothing.
const WRONG: (&str, usize) = ("extension/test/types", 4);

/// Proves the extension: its tests, then its types.
pub fn prove(desk: &Desk) -> Result<()> {
    tested(desk)?;
    typed(desk)
}

/// Every type that is written in the comments of its modules holds, as a compiler reads it.
fn typed(desk: &Desk) -> Result<()> {
    let modules = judges::modules(desk)?;
    let (wrong, mistakes) = WRONG;
    let found = mistakes_in(&modules, &desk.repo.root().join(wrong))?;
    ensure!(found.len() == mistakes, "of {mistakes} mistakes in {wrong} it found: {found:#?}");
    let found = mistakes_in(&modules, &desk.repo.root().join(TYPES))?;
    ensure!(found.is_empty(), "the extension's types:\n{}", found.join("\n"));
    console::say("the types of the extension hold");
    Ok(())
}

/// What the compiler among `modules` finds wrong in the project of `folder`, a line each.
fn mistakes_in(modules: &Path, folder: &Path) -> Result<Vec<String>> {
    let mut compiler = Command::new(modules.join(".bin/tsc"));
    compiler.args(["--pretty", "false", "--project"]).arg(folder);
    let answer = compiler.arg("--typeRoots").arg(modules.join("@types")).output();
    let answer = answer.context("cannot run the compiler that reads types")?;
    let said = String::from_utf8_lossy(&answer.stdout);
    let found = mistakes(&said);
    // What ends badly and names no mistake did not look.
    ensure!(answer.status.success() == found.is_empty(), "the compiler of types:\n{said}");
    Ok(found)
}

/// The mistakes in what the compiler said; what goes on about one is indented.
fn mistakes(said: &str) -> Vec<String> {
    said.lines().filter(|line| line.contains(": error TS")).map(str::to_owned).collect()
}

/// Runs the extension's tests; at least one must run, and none may fail or skip itself.
fn tested(desk: &Desk) -> Result<()> {
    let below = format!("{EXTENSION}/");
    let files = desk.repo.paths().filter_map(|path| path.strip_prefix(&below));
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=tap"]).args(files.filter(|path| path.ends_with(TESTS)));
    let answer = node.current_dir(desk.repo.root().join(EXTENSION)).output();
    let answer = answer.context("cannot run Node: install version 20 or later")?;
    let text = String::from_utf8_lossy(&answer.stdout);
    let holds = judged(&text);
    if holds.is_err() || !answer.status.success() {
        console::say(text.trim_end());
        console::say(String::from_utf8_lossy(&answer.stderr).trim_end());
    }
    ensure!(answer.status.success(), "the extension's tests ended with {}", answer.status);
    console::say(format!("{} tests of the extension passed", holds?));
    Ok(())
}

/// How many tests passed; an error where one did not, or none ran.
fn judged(text: &str) -> Result<usize> {
    let count = |what: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("# {what} ")));
        line.and_then(|number| number.trim().parse::<usize>().ok())
    };
    for what in ["fail", "skipped", "todo", "cancelled"] {
        ensure!(count(what) == Some(0), "the extension's tests: some count as `{what}`");
    }
    let passed = count("pass").unwrap_or_default();
    ensure!(passed > 0, "the extension's tests: none ran");
    Ok(passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pass: usize, skipped: usize) -> String {
        format!("# pass {pass}\n# fail 0\n# cancelled 0\n# skipped {skipped}\n# todo 0\n")
    }

    #[test]
    fn passed_tests_are_counted_and_nothing_else_will_do() {
        assert_eq!(judged(&told(7, 0)).unwrap(), 7);
        assert!(judged(&told(0, 0)).is_err());
        assert!(judged(&told(7, 1)).is_err());
        assert!(judged("").is_err());
        assert!(judged(&told(7, 0).replace("# fail 0", "# fail 1")).is_err());
    }
    #[test]
    fn a_mistake_is_a_line_however_much_is_said_about_it() {
        let said = "a.js(5,7): error TS2345: no.\n  Types differ.\nb.js(1,1): error TS7006: odd.\n";
        let found = mistakes(said);
        assert_eq!(found, ["a.js(5,7): error TS2345: no.", "b.js(1,1): error TS7006: odd."]);
        assert!(mistakes("").is_empty());
    }
}
