//! What is exported and imported again is the same, as far as the format can carry it.

use proptest::prelude::*;
use shelf_bookmarks::export::{
    self, ExportBookmark, ExportFolder, ExportLibrary, ExportPlace, ExportTag, Role,
};
use shelf_bookmarks::import::Format;
use std::collections::{BTreeMap, HashMap};

use crate::shared::{Content, data, unpacked};

/// What a reader found, as something that can be exported.
fn as_library(content: &Content) -> ExportLibrary {
    let id = |node: u32| format!("c{node}");
    let folders = content.folders.iter().map(|folder| ExportFolder {
        id: id(folder.node),
        parent: folder.parent.map(id),
        name: folder.name.clone(),
        description: folder.description.clone(),
        icon: folder.icon.clone(),
        query: folder.query.clone(),
        mount: folder.mount.clone(),
        role: folder.role,
        order: folder.order,
        created_at: folder.created_at,
        modified_at: folder.modified_at,
    });
    let bookmarks = content.entries.iter().map(|entry| ExportBookmark {
        url: entry.url.clone(),
        title: entry.title.clone(),
        description: entry.description.clone(),
        notes: entry.notes.clone(),
        tags: entry.tags.clone(),
        places: entry
            .places
            .iter()
            .map(|place| ExportPlace {
                folder: place.folder.map(id),
                order: place.order,
                title: place.title.clone(),
            })
            .collect(),
        created_at: entry.created_at,
        modified_at: entry.modified_at,
        archived_at: entry.archived_at,
        favourite: entry.favourite,
        unread: entry.unread,
        private: entry.private,
        raw: entry.raw.clone(),
    });
    let tags = content.tags.iter().cloned().map(|(name, colour)| ExportTag { name, colour });
    ExportLibrary {
        folders: folders.collect(),
        tags: tags.collect(),
        bookmarks: bookmarks.collect(),
    }
}

fn render(library: &ExportLibrary, format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    match format {
        Format::MindshelfJsonl => export::jsonl::write(library, &mut bytes).unwrap(),
        Format::NetscapeHtml => export::netscape::write(library, &mut bytes).unwrap(),
        _ => export::csv::write(library, &mut bytes).unwrap(),
    }
    bytes
}

fn reread(library: &ExportLibrary, format: Format) -> ExportLibrary {
    let bytes = render(library, format);
    let (detected, content) = Content::read(&bytes);
    assert_eq!(detected, format, "{}", String::from_utf8_lossy(&bytes));
    assert!(content.refused.is_empty(), "{:?}", content.refused);
    assert!(content.notices.is_empty(), "{:?}", content.notices);
    as_library(&content)
}

/// A library without its ids: folders by their path of (order, name), places by that path.
type Path = Vec<(u64, String)>;

fn paths(library: &ExportLibrary) -> HashMap<String, Path> {
    let by_id: HashMap<&str, &ExportFolder> =
        library.folders.iter().map(|f| (f.id.as_str(), f)).collect();
    let mut paths = HashMap::new();
    for folder in &library.folders {
        let mut path = Vec::new();
        let mut next = Some(folder);
        while let Some(folder) = next {
            path.push((folder.order, folder.name.clone()));
            next = folder.parent.as_deref().and_then(|id| by_id.get(id)).copied();
        }
        path.reverse();
        paths.insert(folder.id.clone(), path);
    }
    paths
}

type PlainFolder = (Path, String, String, Role, Option<i64>, Option<i64>);
type PlainBookmark = (ExportBookmark, Vec<(Path, u64, String)>);

fn plain(library: &ExportLibrary) -> (Vec<PlainFolder>, Vec<PlainBookmark>) {
    let paths = paths(library);
    let mut folders: Vec<PlainFolder> = library
        .folders
        .iter()
        .map(|f| {
            let (description, icon) = (f.description.clone(), f.icon.clone());
            (paths[&f.id].clone(), description, icon, f.role, f.created_at, f.modified_at)
        })
        .collect();
    folders.sort_by(|a, b| a.0.cmp(&b.0));
    let bookmarks = library.bookmarks.iter().map(|bookmark| {
        let place = |place: &ExportPlace| {
            let path = place.folder.as_ref().map(|id| paths[id].clone()).unwrap_or_default();
            (path, place.order, place.title.clone())
        };
        let places = bookmark.places.iter().map(place).collect();
        (ExportBookmark { places: Vec::new(), ..bookmark.clone() }, places)
    });
    (folders, bookmarks.collect())
}

/// Gives every sibling its dense position, as a tree format does.
fn dense(mut library: ExportLibrary) -> ExportLibrary {
    let mut next: HashMap<Option<String>, u64> = HashMap::new();
    let mut take = |parent: &Option<String>| {
        let order = next.entry(parent.clone()).or_insert(0);
        *order += 1;
        *order - 1
    };
    for folder in &mut library.folders {
        folder.order = take(&folder.parent);
    }
    for place in library.bookmarks.iter_mut().flat_map(|bookmark| &mut bookmark.places) {
        place.order = take(&place.folder);
    }
    library
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9 ]{0,12}",
        3 => "[ -~]{0,16}",
        1 => "[\\n\\r\\t &<>\"'\\[\\],;=|é漢😀]{0,12}",
        1 => Just("[linkding-notes]x[/linkding-notes]".to_owned()),
        1 => Just("</A><DD>&amp;&copy;&#10;<DT><!-- ".to_owned()),
        1 => Just("=HYPERLINK(\"x\")".to_owned()),
    ]
}

fn tag() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,8}", "[!-~é漢]{1,6}( [!-~]{1,3})?"].prop_map(|t| t.trim().to_owned())
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]", "[!-~é]{1,8}", "A/B", "x\\\\y", "a b\nc"]
}

fn moment() -> impl Strategy<Value = Option<i64>> {
    proptest::option::of(prop_oneof![
        0..2_000_i64,
        0..253_402_300_799_999_i64,
        Just(1_700_000_000_000)
    ])
}

fn bookmark(folders: usize) -> impl Strategy<Value = ExportBookmark> {
    let words = (text(), text(), text(), proptest::collection::vec(tag(), 0..4));
    let folder = if folders == 0 { 0..1_usize } else { 0..folders };
    let places = proptest::collection::btree_map(folder, text(), 0..3);
    let times = (moment(), moment(), moment());
    let flags = (any::<bool>(), any::<bool>(), proptest::option::of(any::<bool>()));
    let raw = proptest::collection::btree_map("x_[a-z]{1,6}", "[ -~é]{1,9}", 0..3);
    (any::<u32>(), words, places, times, flags, raw).prop_map(
        move |(n, (title, description, notes, mut tags), places, times, flags, raw)| {
            let mut seen = std::collections::HashSet::new();
            tags.retain(|tag| seen.insert(tag.clone()));
            let place = |(at, title): (usize, String)| ExportPlace {
                folder: Some(format!("c{at}")),
                order: 0,
                title,
            };
            let places = if folders == 0 { BTreeMap::new() } else { places };
            ExportBookmark {
                url: format!("https://example.org/?a={n}&copy=1&b=\"<x>\""),
                title,
                description,
                notes,
                tags,
                places: places.into_iter().map(place).collect(),
                created_at: times.0,
                modified_at: times.1,
                archived_at: times.2,
                favourite: flags.0,
                unread: flags.1,
                private: flags.2,
                raw,
            }
        },
    )
}

fn folder(at: usize) -> impl Strategy<Value = ExportFolder> {
    let icon = prop_oneof![Just(String::new()), Just("📚".to_owned())];
    (0..=at, name(), text(), icon, moment(), moment()).prop_map(
        move |(parent, name, description, icon, created_at, modified_at)| ExportFolder {
            id: format!("c{at}"),
            parent: (parent < at).then(|| format!("c{parent}")),
            name,
            description,
            icon,
            created_at,
            modified_at,
            ..ExportFolder::default()
        },
    )
}

fn library() -> impl Strategy<Value = ExportLibrary> {
    (0..6_usize).prop_flat_map(|folders| {
        let tree: Vec<_> = (0..folders).map(folder).collect();
        let bookmarks = proptest::collection::vec(bookmark(folders), 1..6);
        (tree, bookmarks).prop_map(|(folders, mut bookmarks)| {
            for (at, bookmark) in bookmarks.iter_mut().enumerate() {
                bookmark.url = format!("{}#{at}", bookmark.url);
            }
            dense(ExportLibrary { folders, tags: Vec::new(), bookmarks })
        })
    })
}

/// Joins the rows of one address, as an import into an empty library does.
fn joined(library: ExportLibrary) -> ExportLibrary {
    let mut bookmarks: Vec<ExportBookmark> = Vec::new();
    for mut bookmark in library.bookmarks {
        match bookmarks.iter_mut().find(|known| known.url == bookmark.url) {
            Some(known) => known.places.append(&mut bookmark.places),
            None => bookmarks.push(bookmark),
        }
    }
    ExportLibrary { bookmarks, ..library }
}

/// What is the same whatever the order of the file: bookmarks by address, places sorted.
fn unordered(library: &ExportLibrary) -> (Vec<PlainFolder>, Vec<PlainBookmark>) {
    let (folders, mut bookmarks) = plain(library);
    bookmarks.sort_by(|a, b| a.0.url.cmp(&b.0.url));
    for (_, places) in &mut bookmarks {
        places.sort();
    }
    (folders, bookmarks)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_lines_carry_everything(library in library()) {
        let back = reread(&library, Format::MindshelfJsonl);
        prop_assert_eq!(plain(&back), plain(&library));
    }

    #[test]
    fn netscape_html_carries_everything_and_joins_places(mut library in library()) {
        // The format cannot tell "nowhere" from "at the top": such a bookmark stands at the top.
        for bookmark in &mut library.bookmarks {
            for place in &mut bookmark.places {
                if place.title == bookmark.title {
                    place.title.clear();
                }
            }
        }
        let mut back = joined(reread(&library, Format::NetscapeHtml));
        for bookmark in &mut back.bookmarks {
            bookmark.places.retain(|place| place.folder.is_some());
        }
        prop_assert_eq!(unordered(&back), unordered(&library));
    }

    #[test]
    fn csv_carries_bookmarks_and_paths(library in library()) {
        let back = reread(&library, Format::MindshelfCsv);
        prop_assert_eq!(back.bookmarks.len(), library.bookmarks.len());
        let (before, after) = (paths(&library), paths(&back));
        for (old, new) in library.bookmarks.iter().zip(&back.bookmarks) {
            let names = |paths: &HashMap<String, Path>, b: &ExportBookmark| -> Vec<Vec<String>> {
                let path = |p: &ExportPlace| paths[p.folder.as_ref().unwrap()].iter().map(|(_, n)| n.clone()).collect();
                b.places.iter().map(path).collect()
            };
            prop_assert_eq!(names(&after, new), names(&before, old));
            let bare = |b: &ExportBookmark| ExportBookmark { places: Vec::new(), ..b.clone() };
            prop_assert_eq!(bare(new), bare(old));
        }
    }
}

#[test]
fn large_real_files_survive_every_format() {
    let Some(folder) = data("netscape") else { return };
    let bytes = unpacked(&folder.join("bookmarks_firefox_10000.html.zst"));
    let library = as_library(&Content::read(&bytes).1);
    assert_eq!(plain(&reread(&library, Format::MindshelfJsonl)), plain(&library));
    assert_eq!(unordered(&reread(&library, Format::NetscapeHtml)), unordered(&library));
    let csv = reread(&library, Format::MindshelfCsv);
    for (old, new) in library.bookmarks.iter().zip(&csv.bookmarks) {
        assert_eq!((&old.url, &old.title, &old.tags), (&new.url, &new.title, &new.tags));
        assert_eq!((old.created_at, &old.description), (new.created_at, &new.description));
    }
}

#[test]
fn every_real_file_survives_our_own_formats() {
    let Some(folder) = data("imports") else { return };
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        if bytes.is_empty() || path.ends_with("manifest.jsonl") {
            continue;
        }
        let library = as_library(&Content::read(&bytes).1);
        if library.bookmarks.is_empty() {
            continue;
        }
        let mut back = reread(&library, Format::MindshelfJsonl);
        // JSON Lines are a library of ours, in which no folder is a browser's toolbar.
        let mut expected = library.clone();
        for folder in back.folders.iter_mut().chain(&mut expected.folders) {
            folder.role = Role::None;
        }
        assert_eq!(plain(&back), plain(&expected), "{}", path.display());
        reread(&library, Format::NetscapeHtml);
        reread(&library, Format::MindshelfCsv);
    }
}

#[test]
fn two_thousand_nested_folders_are_written_and_read_again() {
    let folders = (0..2_000).map(|at: u32| ExportFolder {
        id: at.to_string(),
        parent: at.checked_sub(1).map(|parent| parent.to_string()),
        name: format!("f{at}"),
        ..ExportFolder::default()
    });
    let place = ExportPlace { folder: Some("1999".to_owned()), ..ExportPlace::default() };
    let bookmark = ExportBookmark {
        url: "https://example.org/deep".to_owned(),
        places: vec![place],
        ..ExportBookmark::default()
    };
    let library =
        ExportLibrary { folders: folders.collect(), tags: Vec::new(), bookmarks: vec![bookmark] };
    for format in [Format::MindshelfJsonl, Format::NetscapeHtml, Format::MindshelfCsv] {
        assert_eq!(reread(&library, format).folders.len(), 2_000, "{format}");
    }
}

#[test]
fn a_mounted_folder_says_so_and_is_mounted_again() {
    let mount = "0193f0a0-0000-7000-8000-0000000000aa".to_owned();
    let folder = |mount: &str| ExportFolder {
        id: "a".to_owned(),
        name: "Recipes".to_owned(),
        mount: mount.to_owned(),
        ..ExportFolder::default()
    };
    let library = |mount: &str| ExportLibrary {
        folders: vec![folder(mount)],
        tags: Vec::new(),
        bookmarks: vec![ExportBookmark {
            url: "https://example.org/".to_owned(),
            ..ExportBookmark::default()
        }],
    };
    let reread =
        |mount: &str| reread(&library(mount), Format::MindshelfJsonl).folders.remove(0).mount;
    assert_eq!(reread(&mount), mount);
    assert_eq!(reread("no library"), "");
}

#[test]
fn empty_folders_and_siblings_of_one_name_survive() {
    let folder = |id: &str, order| ExportFolder {
        id: id.to_owned(),
        name: "Same".to_owned(),
        order,
        ..ExportFolder::default()
    };
    let library = ExportLibrary {
        folders: vec![folder("a", 0), folder("b", 2)],
        tags: vec![ExportTag { name: "red".to_owned(), colour: "#f00".to_owned() }],
        bookmarks: vec![ExportBookmark {
            url: "https://example.org/".to_owned(),
            places: vec![
                ExportPlace { folder: None, order: 1, title: String::new() },
                ExportPlace { folder: Some("b".to_owned()), order: 0, title: "Here".to_owned() },
            ],
            ..ExportBookmark::default()
        }],
    };
    let back = reread(&library, Format::MindshelfJsonl);
    assert_eq!(plain(&back), plain(&library));
    assert_eq!(back.tags, library.tags);
}
