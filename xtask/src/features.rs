//! Features that must stay off in crates from outside, whoever asks for them.
//!
//! Cargo unites features over the whole build, so one new dependency can switch on what another
//! part of the product relies on being off.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::cargo::Metadata;
use crate::repo::Repo;
use crate::verdict::Verdict;

/// Where the rules are written.
const RULES: &str = "xtask/features.toml";

/// The rules as written in `xtask/features.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    off: Vec<Off>,
}

/// Features of one crate that must stay off.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Off {
    /// The crate from outside.
    name: String,
    /// Its features that must stay off.
    features: Vec<String>,
    /// What would break; shown with a violation.
    reason: String,
}

impl Rules {
    /// Reads the rules of `repo`.
    pub fn of(repo: &Repo) -> Result<Self> {
        let text = repo.text(RULES).with_context(|| format!("{RULES} is missing"))?;
        toml::from_str(text).with_context(|| format!("cannot read {RULES}"))
    }
}

/// Compares the features that the whole build switches on with the rules.
pub fn check(rules: &Rules, built: &Metadata) -> Verdict {
    let mut verdict = Verdict::default();
    let nodes = built.resolve.iter().flat_map(|resolve| &resolve.nodes);
    for node in nodes {
        let Some(package) = built.packages.iter().find(|package| package.id == node.id) else {
            continue;
        };
        for rule in rules.off.iter().filter(|rule| rule.name == package.name) {
            for feature in rule.features.iter().filter(|feature| node.features.contains(feature)) {
                verdict.fail(format!("{} is built with `{feature}`: {}", rule.name, rule.reason));
            }
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_that_must_stay_off_is_found() {
        let rules: Rules =
            toml::from_str("off = [{ name = 'json', features = ['order'], reason = 'why' }]")
                .unwrap();
        let built = |feature: &str| -> Metadata {
            let text = format!(
                r#"{{"packages":[{{"id":"x","name":"json","version":"1.0.0"}}],
                    "resolve":{{"nodes":[{{"id":"x","features":["{feature}"]}}]}}}}"#
            );
            serde_json::from_str(&text).unwrap()
        };
        assert!(check(&rules, &built("std")).holds());
        assert_eq!(check(&rules, &built("order")).broken.len(), 1);
    }
}
