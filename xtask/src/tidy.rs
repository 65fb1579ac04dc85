//! Tidiness of the files themselves: how each opens, how long it is, and what must never be in one.

use crate::repo::Repo;
use crate::verdict::Verdict;

/// Production lines from which a file is named as long.
const LINES_TO_AIM_AT: usize = 250;
/// Production lines a file may have at most.
const LINES_MAX: usize = 500;
/// How many of the longest files are listed.
const WORST_LISTED: usize = 10;

/// Machine-made or foreign files, in which words and paths are not ours to choose.
const NOT_OUR_WORDS: [&str; 3] = ["Cargo.lock", "third_party/", "docs/long/"];

/// Files that may hold `unsafe`, a path a line, each with an exam against a safe twin. Absent: none.
const UNSAFE: &str = "xtask/unsafe.txt";

/// Words that must not be in a text file, each with the reason. Split so that this file passes.
const FORBIDDEN: [(&str, &str); 16] = [
    (concat!("TO", "DO"), "finish it, or write a fixme that names an issue"),
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!("/ro", "ot/"), "a path of one machine"),
    (concat!("/ho", "me/"), "a path of one machine"),
    (concat!("/Use", "rs/"), "a path of one machine"),
    (concat!("C:\\", "Users"), "a path of one machine"),
    (concat!("index.crat", "es.io"), "a registry host"),
    (concat!("static.crat", "es.io"), "a registry host"),
    (concat!("registry.np", "mjs.org"), "a registry host"),
    (concat!("registry.ya", "rnpkg.com"), "a registry host"),
    (concat!("files.python", "hosted.org"), "a registry host"),
    (concat!("py", "pi.org"), "a registry host"),
    (concat!("npm", "js.com"), "a registry host"),
    (concat!("deb.deb", "ian.org"), "a registry host"),
    (concat!("repo1.ma", "ven.org"), "a registry host"),
    (concat!("proxy.go", "lang.org"), "a registry host"),
];

/// Checks every file of `repo`.
pub fn check(repo: &Repo) -> Verdict {
    let mut verdict = Verdict::default();
    for (path, text) in repo.texts(".rs") {
        check_opening(path, text, &mut verdict);
        check_tests(path, text, &mut verdict);
    }
    for path in repo.paths().filter(|path| path.ends_with("/mod.rs")) {
        verdict.fail(format!("{path}: write feature.rs beside feature/"));
    }
    check_unsafe(repo, &mut verdict);
    check_sizes(repo, &mut verdict);
    check_words(repo, &mut verdict);
    verdict
}

fn check_opening(path: &str, text: &str, verdict: &mut Verdict) {
    let first = text.lines().next().unwrap_or_default();
    verdict.require(first.starts_with("//! "), || {
        format!("{path}: open with one `//!` sentence saying what the file is for")
    });
}

fn check_tests(path: &str, text: &str, verdict: &mut Verdict) {
    for (at, line) in numbered(text) {
        let code = line.trim_start();
        verdict.require(!code.starts_with(concat!("#[ign", "ore")), || {
            format!("{path}:{at}: no test is ignored; skip loudly where something is missing")
        });
        let sleeps = code.contains("time::sleep(") || code.contains("thread::sleep(");
        verdict.require(!(sleeps && is_test_file(path)), || {
            format!("{path}:{at}: a test never sleeps; wait for what you wait for")
        });
    }
}

/// `unsafe` is denied by a lint; whoever lifts the lint is on the list, which may only shrink.
fn check_unsafe(repo: &Repo, verdict: &mut Verdict) {
    let listed: Vec<&str> = repo.text(UNSAFE).unwrap_or_default().lines().collect();
    for (path, text) in repo.texts(".rs").filter(|(path, _)| !listed.contains(path)) {
        verdict.require(!text.contains(concat!("unsafe", "_code")), || {
            format!("{path}: lifts the ban on `unsafe` and is not listed in {UNSAFE}")
        });
    }
}

fn check_sizes(repo: &Repo, verdict: &mut Verdict) {
    let mut sizes: Vec<(usize, &str)> = repo
        .texts(".rs")
        .filter(|(path, _)| !is_test_file(path))
        .map(|(path, text)| (production_lines(text), path))
        .collect();
    sizes.sort_unstable_by(|left, right| right.cmp(left));
    for (lines, path) in sizes.iter().filter(|(lines, _)| *lines > LINES_MAX) {
        verdict.fail(format!("{path}: {lines} lines, at most {LINES_MAX}: cut by use case"));
    }
    let long = sizes.iter().filter(|(lines, _)| *lines > LINES_TO_AIM_AT);
    for (lines, path) in long.take(WORST_LISTED) {
        verdict.note(format!("{path} has {lines} lines; aim at {LINES_TO_AIM_AT}"));
    }
}

fn check_words(repo: &Repo, verdict: &mut Verdict) {
    let ours = |path: &str| !NOT_OUR_WORDS.iter().any(|foreign| path.starts_with(foreign));
    for (path, text) in repo.texts("").filter(|(path, _)| ours(path)) {
        for (at, line) in numbered(text) {
            for (word, reason) in FORBIDDEN.iter().filter(|(word, _)| line.contains(word)) {
                verdict.fail(format!("{path}:{at}: `{word}`: {reason}"));
            }
            verdict.require(!line.contains(concat!("FIX", "ME")) || line.contains('#'), || {
                format!("{path}:{at}: a fixme names an issue, such as #12")
            });
        }
    }
}

/// True for files that only tests compile.
pub fn is_test_file(path: &str) -> bool {
    let folders = ["/tests/", "/benches/", "/examples/"];
    folders.iter().any(|folder| path.contains(folder)) || path.ends_with("/tests.rs")
}

/// How many lines come before the inline test module.
pub fn production_lines(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let opens_tests = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ");
    lines.windows(2).position(opens_tests).unwrap_or(lines.len())
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The violations in a repository with one file.
    fn broken_in(path: &str, text: &str) -> Vec<String> {
        check(&Repo::planted(&[(path, text)])).broken
    }

    #[test]
    fn a_tidy_file_passes() {
        assert!(broken_in("crates/a/src/lib.rs", "//! Says what it is for.\n").is_empty());
    }

    #[test]
    fn a_file_without_an_opening_sentence_is_found() {
        assert_eq!(broken_in("crates/a/src/lib.rs", "fn main() {}\n").len(), 1);
    }

    #[test]
    fn a_mod_rs_is_found() {
        assert_eq!(broken_in("crates/a/src/b/mod.rs", "//! A room.\n").len(), 1);
    }

    #[test]
    fn five_hundred_lines_pass_and_one_more_does_not() {
        let text = |lines: usize| format!("//! Long.\n{}", "//\n".repeat(lines - 1));
        assert!(broken_in("crates/a/src/lib.rs", &text(500)).is_empty());
        assert_eq!(broken_in("crates/a/src/lib.rs", &text(501)).len(), 1);
    }

    #[test]
    fn inline_tests_and_test_files_do_not_count_as_length() {
        let tests = format!("//! Short.\n#[cfg(test)]\nmod tests {{\n{}}}\n", "//\n".repeat(900));
        assert!(broken_in("crates/a/src/lib.rs", &tests).is_empty());
        let story = format!("//! Stories.\n{}", "//\n".repeat(900));
        assert!(broken_in("crates/a/tests/it/main.rs", &story).is_empty());
    }

    #[test]
    fn every_forbidden_word_is_found_and_foreign_files_are_left_alone() {
        for (word, _) in FORBIDDEN {
            assert_eq!(broken_in("docs/A.md", &format!("see {word}x")).len(), 1, "{word}");
            assert!(broken_in("third_party/a/README.md", word).is_empty());
        }
    }

    #[test]
    fn a_fixme_must_name_an_issue() {
        let word = concat!("FIX", "ME");
        assert_eq!(broken_in("docs/A.md", word).len(), 1);
        assert!(broken_in("docs/A.md", &format!("{word}(#12)")).is_empty());
    }

    #[test]
    fn a_lifted_ban_on_unsafe_is_found() {
        let text = format!("//! Fast.\n#![expect({})]\n", concat!("unsafe", "_code"));
        assert_eq!(broken_in("crates/a/src/scan.rs", &text).len(), 1);
    }

    #[test]
    fn an_ignored_test_and_a_sleeping_test_are_found() {
        let ignored = format!("//! T.\n{}]\n", concat!("#[ig", "nore"));
        assert_eq!(broken_in("crates/a/tests/it/main.rs", &ignored).len(), 1);
        let sleeping = "//! T.\ntokio::time::sleep(second).await;\n";
        assert_eq!(broken_in("crates/a/tests/it/main.rs", sleeping).len(), 1);
    }
}
