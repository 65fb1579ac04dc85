//! The list of refusals, as people read it.

use crate::frozen::assert_generated;
use shelf_domain::refusal::Code;
use std::collections::BTreeSet;
use std::fmt::Write;

const HEAD: &str = "# Refusals

A refusal is an answer, not a failure: it has a code that never changes, says what is meant, and names
what can be done. It carries `code`, `at` (the place in the input: a field, a row, an id) and `detail`
(what exactly). This page is written from `crates/shelf-domain/src/refusal.rs`: do not edit it.

| code | what it means | what to do |
|---|---|---|
";

#[test]
fn the_page_of_refusals_is_what_the_code_says() {
    let mut page = HEAD.to_owned();
    for code in Code::ALL {
        writeln!(page, "| `{code}` | {} | {} |", code.sentence(), code.remedy()).unwrap();
    }
    assert_generated("../../docs/ERRORS.md", &page);
}

#[test]
fn every_code_has_its_own_name_and_reads_back() {
    let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    for code in Code::ALL {
        let json = serde_json::to_string(&code).unwrap();
        assert_eq!(json, format!("\"{}\"", code.name()));
        assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), code);
    }
}
