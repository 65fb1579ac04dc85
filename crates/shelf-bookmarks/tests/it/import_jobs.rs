//! Imports as jobs: the ledger adds up, the file can come again, and all of it can be undone.

use shelf_bookmarks::edit_bookmark::{Edit, EditBookmark, edit_bookmark};
use shelf_bookmarks::export::ExportFormat;
use shelf_bookmarks::import::{
    FileBytes, ImportFile, ImportsNow, begin_import, file_bytes, imports_now, rehearse_import,
    settle_imports, undo_import,
};
use shelf_bookmarks::organise::{
    CreateCollection, create_collection, list_collections, mount_library,
};
use shelf_bookmarks::save_bookmark::{SaveBookmark, SavePlace, save_bookmark};
use shelf_domain::id::{LibraryId, TenantId};
use shelf_domain::kind::field;
use shelf_domain::value::Value;
use shelf_ports::imports::{JobState, RowOutcome};
use std::io::{Cursor, Seek, Write};

use crate::desk::Desk;
use crate::shared::{data, unpacked};

const FILE: &str = r#"<!DOCTYPE NETSCAPE-Bookmark-file-1><DL><p>
<DT><H3>Bar</H3><DL><p>
  <DT><A HREF="https://example.org/b" ADD_DATE="1600000000" TAGS="tea">B</A><DD>About B
  <DT><A HREF="https://example.org/a" ADD_DATE="1600000001" PRIVATE="1" TOREAD="1">A</A>
  <DT><H3>Twin</H3><DL><p><DT><A HREF="https://example.org/one">One</A></DL><p>
  <DT><H3>Twin</H3><DL><p><DT><A HREF="https://example.org/two">Two</A></DL><p>
  <DT><H3>Empty</H3><DL><p></DL><p>
</DL><p>
<DT><A HREF="https://example.org/b">Another B</A>
<DT><A HREF="javascript:alert(1)">A bookmarklet</A>
<DT><A HREF="place:sort=8">Query</A>
<DT><A HREF="https://">No host</A>
</DL>"#;

#[tokio::test]
async fn every_row_is_stored_merged_or_refused() {
    let desk = Desk::new().await;
    let job = desk.import(FILE.as_bytes()).await;
    assert_eq!((job.state, job.format.as_str()), (JobState::Done, "netscape-html"));
    assert_eq!((job.parsed, job.stored, job.merged, job.refused), (8, 5, 1, 2));
    assert_eq!((job.folders, job.total), (4, Some(8)));
    assert_eq!(desk.folders().await, ["Bar", "Bar/Twin", "Bar/Twin", "Bar/Empty"]);
    let rows = desk.ledger(&job).await;
    let merged = rows.iter().find(|row| row.outcome == RowOutcome::Merged).unwrap();
    let b = desk.bookmark("https://example.org/b").await;
    assert_eq!((merged.row, merged.item), (5, Some(b.id)));
    assert_eq!(merged.kept_title.as_deref(), Some("B"));
    assert_eq!(rows.iter().filter(|row| row.outcome == RowOutcome::Refused).count(), 2);
    assert_eq!((b.description.as_str(), b.created_at), ("About B", Some(1_600_000_000_000)));
    assert_eq!(b.tags[0].name, "tea");
    let a = desk.bookmark("https://example.org/a").await;
    assert!(a.private && a.unread);
    assert!(b.places[0].order < a.places[0].order, "the order of the file is kept");
}

#[tokio::test]
async fn the_same_file_again_merges_every_row_and_changes_nothing() {
    let desk = Desk::new().await;
    let first = desk.import(FILE.as_bytes()).await;
    let (bookmarks, folders) = (desk.bookmarks().await, desk.folders().await);
    let head = desk.ctx.stores.library.head(desk.scope).await.unwrap();
    let again = desk.import(FILE.as_bytes()).await;
    assert_eq!((again.stored, again.merged, again.refused), (0, 6, first.refused));
    assert_eq!(again.folders, 0, "every folder finds itself, twins included");
    assert_eq!((desk.bookmarks().await, desk.folders().await), (bookmarks, folders));
    assert_eq!(desk.ctx.stores.library.head(desk.scope).await.unwrap(), head);
    let undone = undo_import(&desk.ctx, desk.scope, again.id).await.unwrap();
    assert_eq!(undone.state, JobState::Undone);
    assert_eq!(desk.bookmarks().await.len(), 5, "undoing a merge of nothing takes nothing");
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_writes_nothing() {
    let desk = Desk::new().await;
    let ask = ImportFile { dry_run: true, ..ImportFile::default() };
    let dry = desk.import_as(FILE.as_bytes(), ask.clone()).await;
    assert_eq!(desk.ctx.stores.library.head(desk.scope).await.unwrap().seq, 0);
    let rehearsed = desk.ledger(&dry).await;
    let real = desk.import(FILE.as_bytes()).await;
    let numbers = |job: &shelf_ports::imports::ImportJob| {
        (job.parsed, job.stored, job.merged, job.refused, job.folders)
    };
    assert_eq!(numbers(&dry), numbers(&real));
    for (said, done) in rehearsed.iter().zip(desk.ledger(&real).await) {
        assert_eq!((said.row, said.outcome), (done.row, done.outcome));
        assert_eq!((&said.reason, &said.kept_title), (&done.reason, &done.kept_title));
    }
    assert!(undo_import(&desk.ctx, desk.scope, dry.id).await.is_err());
    let after = desk.import_as(FILE.as_bytes(), ask).await;
    assert_eq!((after.stored, after.merged), (0, 6));
}

#[tokio::test]
async fn undo_takes_back_what_an_import_made_and_leaves_what_was_there() {
    let desk = Desk::new().await;
    let mine = SaveBookmark {
        title: "Mine".to_owned(),
        notes: "My words".to_owned(),
        ..SaveBookmark::of("https://example.org/b")
    };
    save_bookmark(&desk.ctx, desk.scope, mine, None).await.unwrap();
    let before = desk.bookmark("https://example.org/b").await;
    let job = desk.import(FILE.as_bytes()).await;
    assert_eq!((job.stored, job.merged), (4, 2));
    let merged = desk.bookmark("https://example.org/b").await;
    assert_eq!((merged.title.as_str(), merged.places.len()), ("Mine", 1));
    assert_eq!(merged.description, "About B");
    let undone = undo_import(&desk.ctx, desk.scope, job.id).await.unwrap();
    assert_eq!(undone.state, JobState::Undone);
    let left = desk.bookmarks().await;
    assert_eq!(left.len(), 1);
    assert_eq!((&left[0].title, &left[0].description), (&before.title, &before.description));
    assert_eq!((left[0].created_at, left[0].places.len()), (before.created_at, 0));
    assert!(left[0].tags.is_empty() && desk.folders().await.is_empty());
    assert_eq!(undo_import(&desk.ctx, desk.scope, job.id).await.unwrap(), undone);
}

/// Processor time of this process as the kernel counts it, in seconds; other tests run in it too.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.split(' ').skip(13).take(2).filter_map(|text| text.parse::<u32>().ok());
    f64::from(ticks.sum::<u32>()) / 100.0
}

#[tokio::test]
async fn what_stood_in_a_folder_before_a_library_was_mounted_there_comes_with_it() {
    let desk = Desk::new().await;
    let ask = CreateCollection { name: "Recipes".to_owned(), ..CreateCollection::default() };
    let made = create_collection(&desk.ctx, desk.scope, ask, None).await.unwrap();
    let folder = made.item().unwrap();
    let spot = SavePlace { parent: Some(folder), ..SavePlace::default() };
    let save = SaveBookmark { places: vec![spot], ..SaveBookmark::of("https://example.org/soup") };
    save_bookmark(&desk.ctx, desk.scope, save, None).await.unwrap();
    let there = LibraryId::from_bytes([9; 16]);
    mount_library(&desk.ctx, desk.scope, folder, Some(there)).await.unwrap();
    let (_, file) = desk.export(ExportFormat::Jsonl).await;
    let other = Desk::new().await;
    for (stored, merged) in [(1, 0), (0, 1)] {
        let job = other.import(&file).await;
        assert_eq!((job.stored, job.merged, job.refused), (stored, merged, 0));
        let tree = list_collections(&other.ctx, other.scope).await.unwrap();
        let told: Vec<_> = tree.iter().map(|one| (one.collection.mount, one.bookmarks)).collect();
        assert_eq!(told, [(Some(there), 1)]);
    }
    let html = br#"<!DOCTYPE NETSCAPE-Bookmark-file-1><DL><p>
<DT><H3>Recipes</H3><DL><p><DT><A HREF="https://example.org/stew">Stew</A></DL><p></DL>"#;
    let job = other.import(html).await;
    assert_eq!((job.stored, job.refused), (1, 0), "it meets no folder that takes nothing");
    assert_eq!(other.folders().await, ["Recipes", "Recipes"]);
}

/// Living folders and tags by name, and how many bookmarks live.
async fn living(desk: &Desk) -> (Vec<String>, Vec<String>, usize) {
    let tags = desk.ctx.stores.views.tags(desk.scope).await.unwrap();
    let tags = tags.into_iter().map(|(tag, _)| tag.name).collect();
    (desk.folders().await, tags, desk.bookmarks().await.len())
}

#[tokio::test]
async fn undo_takes_every_folder_and_tag_back_that_the_import_alone_made() {
    let Some(folder) = data("imports") else { return };
    for file in ["firefox_nested.htm", "wallabag-v2.json", "shaarli.htm", "chromium_flat.htm"] {
        let desk = Desk::new().await;
        let job = desk.import(&std::fs::read(folder.join(file)).unwrap()).await;
        let undone = undo_import(&desk.ctx, desk.scope, job.id).await.unwrap();
        assert_eq!(living(&desk).await, (vec![], vec![], 0), "{file}");
        assert_eq!(undone.problem, None, "{file}: there is nothing to explain");
    }
}

#[tokio::test]
async fn undo_leaves_what_was_changed_or_is_used_since_and_says_so() {
    let desk = Desk::new().await;
    let job = desk.import(FILE.as_bytes()).await;
    let (ctx, scope) = (&desk.ctx, desk.scope);
    // Someone retitles B, which bears the tag "tea", and files something of their own under a Twin.
    let b = desk.bookmark("https://example.org/b").await;
    let edit = Edit::default().put(field::TITLE, Some(Value::from("My B")));
    edit_bookmark(ctx, scope, EditBookmark { id: b.id, edit }).await.unwrap();
    let tree = list_collections(ctx, scope).await.unwrap();
    let twin = tree.iter().find(|branch| branch.collection.name == "Twin").unwrap();
    let spot = SavePlace { parent: Some(twin.collection.id), ..SavePlace::default() };
    let mine = SaveBookmark { places: vec![spot], ..SaveBookmark::of("https://example.org/mine") };
    save_bookmark(ctx, scope, mine, None).await.unwrap();
    let undone = undo_import(ctx, scope, job.id).await.unwrap();
    let (folders, tags, bookmarks) = living(&desk).await;
    assert_eq!(folders, ["Bar", "Bar/Twin"], "a folder in use stays with those above it");
    assert_eq!((tags, bookmarks), (vec!["tea".to_owned()], 2));
    let said = undone.problem.unwrap();
    for part in ["changed since", "1 bookmark", "2 folders", "1 tag"] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(desk.bookmark("https://example.org/b").await.title, "My B");
}

#[tokio::test]
async fn ten_thousand_links_are_taken_back_in_seconds_and_whole() {
    let Some(folder) = data("netscape") else { return };
    let desk = Desk::new().await;
    let job = desk.import(&unpacked(&folder.join("bookmarks_firefox_10000.html.zst"))).await;
    let before = processor_seconds();
    let undone = undo_import(&desk.ctx, desk.scope, job.id).await.unwrap();
    let seconds = processor_seconds() - before;
    eprintln!("{} links were taken back in {seconds:.2} s of processor time", job.stored);
    assert_eq!(living(&desk).await, (vec![], vec![], 0));
    assert_eq!(undone.problem, None);
}

#[tokio::test]
async fn an_undone_file_can_be_imported_again() {
    let desk = Desk::new().await;
    let first = desk.import(FILE.as_bytes()).await;
    undo_import(&desk.ctx, desk.scope, first.id).await.unwrap();
    desk.import(FILE.as_bytes()).await;
    assert_eq!(desk.bookmarks().await.len(), 5);
    assert_eq!(desk.folders().await.len(), 4);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_before_there_is_a_job() {
    let desk = Desk::new().await;
    let source = Box::new(Cursor::new(b"<html><body>A page</body></html>".to_vec()));
    let refused = begin_import(&desk.ctx, desk.scope, ImportFile::default(), source).await;
    assert!(refused.unwrap_err().to_string().contains("web page"));
    assert!(desk.ctx.stores.imports.jobs(desk.scope, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_import_a_stopped_server_left_open_is_marked_and_can_be_undone() {
    let desk = Desk::new().await;
    let source = Box::new(Cursor::new(FILE.as_bytes().to_vec()));
    let begun = begin_import(&desk.ctx, desk.scope, ImportFile::default(), source).await.unwrap();
    assert!(undo_import(&desk.ctx, desk.scope, begun.job.id).await.is_err());
    assert_eq!(settle_imports(&desk.ctx.stores).await.unwrap(), 0, "it is being run");
    let now = imports_now(&*desk.ctx.stores.leases).await.unwrap();
    assert_eq!(now, ImportsNow { running: 1, left: 0 });
    let next = desk.next_process();
    let now = imports_now(&*next.leases).await.unwrap();
    assert_eq!(now, ImportsNow { running: 0, left: 1 }, "whoever ran it is gone");
    assert_eq!(settle_imports(&next).await.unwrap(), 1);
    assert_eq!(settle_imports(&next).await.unwrap(), 0, "once");
    assert_eq!(imports_now(&*next.leases).await.unwrap(), ImportsNow::default());
    let job = desk.ctx.stores.imports.job(desk.scope, begun.job.id).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Failed);
    assert!(job.problem.unwrap().contains("importing the file again"));
    undo_import(&desk.ctx, desk.scope, begun.job.id).await.unwrap();
}

#[tokio::test]
async fn a_file_that_waits_is_counted_for_its_library() {
    let desk = Desk::new().await;
    let (stores, scope) = (&desk.ctx.stores, desk.scope);
    assert!(file_bytes(stores, scope.tenant).await.unwrap().is_empty());
    let mut file = stores.blobs.draft().await.unwrap();
    file.write_all(FILE.as_bytes()).unwrap();
    file.rewind().unwrap();
    rehearse_import(&desk.ctx, scope, "bookmarks.html".to_owned(), file).await.unwrap();
    let counted = file_bytes(stores, scope.tenant).await.unwrap();
    let waiting = FileBytes { waiting: FILE.len() as u64, ..FileBytes::default() };
    assert_eq!(counted.into_iter().collect::<Vec<_>>(), [(scope.library, waiting)]);
    let other = TenantId::from_bytes([0xee; 16]);
    assert!(file_bytes(stores, other).await.unwrap().is_empty(), "of that tenant alone");
}

#[tokio::test]
async fn a_deep_tree_is_stored_whole() {
    let desk = Desk::new().await;
    let mut file = String::from("<!DOCTYPE NETSCAPE-Bookmark-file-1><DL><p>");
    for depth in 0..2_000 {
        let folder = format!("<DT><H3>f{depth}</H3><DL><p>");
        file.push_str(&folder);
    }
    file.push_str("<DT><A HREF=\"https://example.org/deep\">Deep</A>");
    let job = desk.import(file.as_bytes()).await;
    assert_eq!((job.folders, job.stored, job.problem), (2_000, 1, None));
    assert_eq!(desk.folders().await.len(), 2_000);
}

#[tokio::test]
async fn every_real_file_is_imported_twice_and_adds_up() {
    let Some(folder) = data("imports") else { return };
    let desk = Desk::new().await;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        if bytes.is_empty() || path.ends_with("manifest.jsonl") || bytes.len() == 71_035 {
            continue;
        }
        let first = desk.import(&bytes).await;
        let count = desk.bookmarks().await.len();
        let again = desk.import(&bytes).await;
        assert_eq!((again.stored, again.parsed), (0, first.parsed), "{}", path.display());
        assert_eq!(desk.bookmarks().await.len(), count, "{}", path.display());
    }
}

#[tokio::test]
async fn ten_thousand_links_arrive_with_their_folders_tags_and_dates() {
    let Some(folder) = data("netscape") else { return };
    let desk = Desk::new().await;
    let bytes = unpacked(&folder.join("bookmarks_firefox_10000.html.zst"));
    let job = desk.import(&bytes).await;
    assert_eq!((job.parsed, job.refused, job.folders), (10_000, 0, 7_400));
    let stored = usize::try_from(job.stored).unwrap();
    assert_eq!(desk.bookmarks().await.len(), stored);
    let rows = desk.ledger(&job).await;
    assert_eq!(rows.len() as u64, job.merged);
    assert!(rows.iter().all(|row| row.item.is_some()));
}

#[tokio::test]
async fn a_column_without_a_name_is_kept_all_the_same() {
    let desk = Desk::new().await;
    let job = desk.import(b"url,title,\nhttps://example.org/,T,extra\n").await;
    assert_eq!((job.stored, job.refused), (1, 0));
    assert_eq!(desk.bookmark("https://example.org/").await.raw["unnamed"], "extra");
}
