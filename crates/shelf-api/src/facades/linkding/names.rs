//! Names of tags as linkding writes them: without spaces and commas. Ours may have them, so what an
//! app sends back is taken for the tag it was shown.

use crate::facades::rows::{Tag, TagRef};

/// The name of one of our tags as linkding would write it.
pub(super) fn shown(name: &str) -> String {
    let parts = name.split(|c: char| c.is_whitespace() || c == ',');
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// The names an app sends for a bookmark, as linkding reads them: commas part them, spaces within
/// are hyphens, and letter case makes no second one.
pub(super) fn given(names: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names.iter().flat_map(|name| name.split(',')) {
        let name = shown(name);
        let is_new = kept.iter().all(|known| !is_same(known, &name));
        if is_new && !name.is_empty() {
            kept.push(name);
        }
    }
    kept
}

/// The names of our tags that `given` means: those the bookmark bears come first, then those that
/// are called so, then those that are shown so; what is left is a new one.
pub(super) fn meant(given: &[String], borne: &[TagRef], all: &[Tag]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for sent in given {
        let of_borne = borne.iter().filter(|tag| is_same(&shown(&tag.name), sent));
        let mut found: Vec<String> = of_borne.map(|tag| tag.name.clone()).collect();
        if found.is_empty() {
            let exact = all.iter().find(|tag| is_same(&tag.name, sent));
            let alike = || all.iter().find(|tag| is_same(&shown(&tag.name), sent));
            found.push(exact.or_else(alike).map_or_else(|| sent.clone(), |tag| tag.name.clone()));
        }
        names.append(&mut found);
    }
    names
}

/// Whether two names are those of one tag.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelf_domain::id::ItemId;

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn names_are_read_as_linkding_reads_them() {
        assert_eq!(given(&texts(&["a, b", " two words ", "A", "", ","])), ["a", "b", "two-words"]);
        assert_eq!(shown("to  read, soon"), "to-read-soon");
    }

    #[test]
    fn a_tag_with_a_space_comes_back_as_itself() {
        let id = ItemId::from_bytes([1; 16]);
        let all =
            ["to read", "Rust", "to-read"].map(|name| Tag { id, number: 1, name: name.into() });
        let borne = [TagRef { id, name: "to read".to_owned() }];
        assert_eq!(meant(&texts(&["to-read", "rust"]), &borne, &all), ["to read", "Rust"]);
        assert_eq!(meant(&texts(&["TO-READ"]), &[], &all), ["to-read"]);
        assert_eq!(meant(&texts(&["to-read", "new"]), &[], &all[..2]), ["to read", "new"]);
    }
}
