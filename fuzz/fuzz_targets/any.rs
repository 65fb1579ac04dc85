//! Any target of the crates, thrown at by libFuzzer: `MINDSHELF_FUZZ_TARGET` says which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// The target that was named.
static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let named = std::env::var("MINDSHELF_FUZZ_TARGET").unwrap_or_default();
    let all = [
        mindshelf::fuzzed::TARGETS,
        shelf_api::fuzzed::TARGETS,
        shelf_bookmarks::fuzzed::TARGETS,
        shelf_client::fuzzed::TARGETS,
        shelf_domain::fuzzed::TARGETS,
        shelf_embedded::fuzzed::TARGETS,
        shelf_identity::fuzzed::TARGETS,
        shelf_outbound::fuzzed::TARGETS,
        shelf_replica::fuzzed::TARGETS,
        shelf_sync::fuzzed::TARGETS,
        shelf_vault::fuzzed::TARGETS,
        shelf_web::fuzzed::TARGETS,
    ]
    .concat();
    let names: Vec<_> = all.iter().map(|(name, ..)| *name).collect();
    let found = all.iter().find(|(name, ..)| *name == named);
    let Some((_, target, _)) = found else {
        panic!("set MINDSHELF_FUZZ_TARGET to one of {names:?}");
    };
    *target
});

fuzz_target!(|bytes: &[u8]| TARGET(bytes));
