//! Dependencies that a manifest declares and no code names.

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::repo::Repo;
use crate::tidy::is_test_file;
use crate::verdict::Verdict;

/// Crates whose code is still arriving, a name a line; the list may only shrink.
const ARRIVING: &str = "xtask/arriving.txt";

/// Checks that every declared dependency is named by the code that may see it.
pub fn check(repo: &Repo) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let arriving: Vec<&str> = repo.text(ARRIVING).unwrap_or_default().lines().collect();
    for (path, text) in repo.texts("/Cargo.toml") {
        let manifest: Table =
            toml::from_str(text).with_context(|| format!("cannot read {path}"))?;
        let folder = path.trim_end_matches("Cargo.toml");
        if arriving.iter().any(|name| folder.trim_end_matches('/').ends_with(name)) {
            verdict.note(format!("{folder} is still arriving"));
            continue;
        }
        let sources = Sources::below(repo, folder);
        for (kind, code) in [("dependencies", &sources.shipped), ("dev-dependencies", &sources.all)]
        {
            let table = manifest.get(kind).and_then(Value::as_table);
            for name in table.into_iter().flat_map(Table::keys) {
                verdict.require(names(code, &name.replace('-', "_")), || {
                    format!("{path}: no code names `{name}`: remove it from [{kind}]")
                });
            }
        }
        verdict.require(!sources.shipped.is_empty(), || {
            format!("{folder} holds no code; a crate arrives with the issue that needs it")
        });
    }
    Ok(verdict)
}

/// The code of one crate without its comments.
struct Sources {
    /// What is compiled into the crate, inline tests included.
    shipped: String,
    /// The same and the test binaries.
    all: String,
}

impl Sources {
    fn below(repo: &Repo, folder: &str) -> Self {
        let mut sources = Self { shipped: String::new(), all: String::new() };
        for (path, text) in repo.texts(".rs").filter(|(path, _)| path.starts_with(folder)) {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let code: String = code.flat_map(|line| [line, "\n"]).collect();
            sources.all.push_str(&code);
            if !is_test_file(path) {
                sources.shipped.push_str(code.trim_start());
            }
        }
        sources
    }
}

/// True when `word` stands in `code` with nothing of a longer word on either side.
fn names(code: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code.get(..at).and_then(|left| left.chars().next_back());
        let after = code.get(at + word.len()..).and_then(|right| right.chars().next());
        !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The violations of a crate that declares `x-y` under `kind` and has these sources.
    fn broken_in(kind: &str, sources: &[(&str, &str)]) -> Vec<String> {
        let manifest = format!("{kind}.x-y.workspace = true");
        let mut files = vec![("a/Cargo.toml", manifest.as_str())];
        files.extend(sources);
        check(&Repo::planted(&files)).unwrap().broken
    }

    #[test]
    fn a_named_dependency_passes() {
        assert!(broken_in("dependencies", &[("a/src/lib.rs", "use x_y::Z;")]).is_empty());
    }

    #[test]
    fn a_dependency_in_a_comment_or_inside_a_longer_word_is_unused() {
        let comment = "fn f() {}\n// use x_y::Z;";
        assert_eq!(broken_in("dependencies", &[("a/src/lib.rs", comment)]).len(), 1);
        assert_eq!(broken_in("dependencies", &[("a/src/lib.rs", "use x_yz::Z;")]).len(), 1);
    }

    #[test]
    fn a_dependency_that_only_tests_name_belongs_to_the_tests() {
        let files = [("a/src/lib.rs", "fn f() {}"), ("a/tests/it/main.rs", "use x_y::Z;")];
        assert_eq!(broken_in("dependencies", &files).len(), 1);
        assert!(broken_in("dev-dependencies", &files).is_empty());
    }

    #[test]
    fn a_crate_that_is_still_arriving_is_only_named() {
        let files = [("crates/a/Cargo.toml", "dependencies.x.workspace = true"), (ARRIVING, "a\n")];
        let verdict = check(&Repo::planted(&files)).unwrap();
        assert!(verdict.holds() && verdict.notes.len() == 1);
    }

    #[test]
    fn a_crate_without_code_is_found() {
        assert_eq!(check(&Repo::planted(&[("a/Cargo.toml", "")])).unwrap().broken.len(), 1);
    }
}
