//! The manifests of the members: lints, versions and metadata all come from the root.

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::repo::Repo;
use crate::verdict::Verdict;

/// What every member takes from the root's `[workspace.package]`.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];
/// Where a member declares what it depends on.
const DEPENDENCIES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Checks every member's manifest in `repo`.
pub fn check(repo: &Repo) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    for (path, text) in repo.texts("/Cargo.toml") {
        let manifest: Table =
            toml::from_str(text).with_context(|| format!("cannot read {path}"))?;
        // What has a workspace of its own is no member of this one.
        if !manifest.contains_key("workspace") {
            check_member(path, &manifest, &mut verdict);
        }
    }
    Ok(verdict)
}

fn check_member(path: &str, manifest: &Table, verdict: &mut Verdict) {
    verdict.require(inherits(manifest.get("lints")), || {
        format!("{path}: say `lints.workspace = true`")
    });
    let package = manifest.get("package").and_then(Value::as_table);
    for field in INHERITED {
        verdict.require(inherits(package.and_then(|table| table.get(field))), || {
            format!("{path}: say `{field}.workspace = true`")
        });
    }
    let name = package.and_then(|table| table.get("name")).and_then(Value::as_str);
    let folder = path.rsplit('/').nth(1);
    verdict.require(name == folder, || format!("{path}: the folder is not named as the crate"));
    let tables = DEPENDENCIES.iter().filter_map(|kind| manifest.get(*kind)?.as_table());
    for (name, wanted) in tables.flatten() {
        let own = ["version", "path", "git"].iter().any(|key| wanted.get(key).is_some());
        verdict.require(inherits(Some(wanted)) && !own, || {
            format!("{path}: say `{name}.workspace = true`; versions live in the root")
        });
    }
}

/// True for a value written as `{ workspace = true }`.
fn inherits(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIDY: &str = "
        package.name = 'a'
        package.version.workspace = true
        package.edition.workspace = true
        package.rust-version.workspace = true
        package.license.workspace = true
        package.publish.workspace = true
        lints.workspace = true
        dependencies.serde.workspace = true
    ";

    /// The violations when the one member has this manifest.
    fn broken_in(manifest: &str) -> Vec<String> {
        check(&Repo::planted(&[("crates/a/Cargo.toml", manifest)])).unwrap().broken
    }

    #[test]
    fn a_tidy_manifest_passes() {
        assert_eq!(broken_in(TIDY), Vec::<String>::new());
    }

    #[test]
    fn what_has_a_workspace_of_its_own_is_left_alone() {
        assert_eq!(broken_in("package.name = 'b'\n[workspace]\n"), Vec::<String>::new());
    }

    #[test]
    fn forgotten_lints_are_found() {
        assert_eq!(broken_in(&TIDY.replace("lints.workspace", "features.x")).len(), 1);
    }

    #[test]
    fn a_version_outside_the_root_is_found() {
        assert_eq!(broken_in(&TIDY.replace("serde.workspace = true", "serde = '1'")).len(), 1);
        assert_eq!(broken_in(&format!("{TIDY}\ndev-dependencies.b.path = '../b'")).len(), 1);
        let own = TIDY.replace("package.version.workspace = true", "package.version = '1.0.0'");
        assert_eq!(broken_in(&own).len(), 1);
    }

    #[test]
    fn a_folder_with_another_name_than_its_crate_is_found() {
        assert_eq!(broken_in(&TIDY.replace("'a'", "'b'")).len(), 1);
    }
}
