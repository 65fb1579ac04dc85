//! Archives: what is written is checked and taken in, and what somebody made up is refused.

use crate::desk::Desk;
use flate2::Crc;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};
use shelf_bookmarks::archive::{
    Contents, MANIFEST, OwnFile, SIGNATURE, WriteArchive, check_archive, write_archive,
};
use shelf_bookmarks::captures::{KeepFile, keep_file, list_files, open_file};
use shelf_bookmarks::import::{ImportFile, import_file, receive};
use shelf_bookmarks::trash::trash_items;
use shelf_ports::Failure;
use shelf_ports::accounts::LibraryInfo;
use shelf_ports::captures::CaptureKind;
use shelf_ports::imports::JobState;
use std::io::{Cursor, Write};
use tokio::sync::mpsc;

/// The archive of a desk, signed with the length of what is signed.
async fn archive_of(desk: &Desk) -> Vec<u8> {
    archive_with(desk, Contents::All).await
}

async fn archive_with(desk: &Desk, contents: Contents) -> Vec<u8> {
    let (sender, mut chunks) = mpsc::channel(4);
    let library = LibraryInfo {
        id: desk.scope.library,
        tenant: desk.scope.tenant,
        name: "Mine".to_owned(),
        created_at: 1,
    };
    let account = OwnFile {
        path: "account.json".to_owned(),
        what: "the account".to_owned(),
        bytes: b"{}".to_vec(),
    };
    let ask = WriteArchive {
        server: String::new(),
        name: "Ada".to_owned(),
        key: "key".to_owned(),
        files: vec![account],
        libraries: vec![library],
        contents,
    };
    let sign = Box::new(|bytes: &[u8]| bytes.len().to_string().into_bytes());
    let writing = write_archive(&desk.ctx, ask, sign, sender);
    let reading = async {
        let mut all = Vec::new();
        while let Some(chunk) = chunks.recv().await {
            all.extend(chunk);
        }
        all
    };
    let (written, all) = tokio::join!(writing, reading);
    assert!(written.unwrap().files >= 7);
    all
}

async fn a_desk_with(rows: usize) -> Desk {
    let desk = Desk::new().await;
    let row = |row| format!("{{\"url\":\"https://example.org/{row}\",\"tags\":[\"t\"]}}\n");
    desk.import((0..rows).map(row).collect::<Vec<_>>().concat().as_bytes()).await;
    desk
}

#[tokio::test]
async fn what_is_written_is_whole_and_comes_in_again() {
    let desk = a_desk_with(1_200).await;
    let archive = archive_of(&desk).await;
    let checked = check_archive(&mut Cursor::new(archive.clone())).unwrap();
    assert_eq!(checked.wrong, [""; 0]);
    assert_eq!(checked.signature, checked.signed.len().to_string().into_bytes());
    assert_eq!(checked.manifest.name, "Ada");
    let paths: Vec<_> = checked.manifest.files.iter().map(|file| file.path.as_str()).collect();
    assert!(paths[1].starts_with("libraries/") && paths[1].ends_with("/bookmarks.jsonl"));
    let other = Desk::new().await;
    let job = other.import(&archive).await;
    assert_eq!((job.state, job.format.as_str()), (JobState::Done, "mindshelf-jsonl"));
    assert_eq!((job.stored, job.refused), (1_200, 0));
}

#[tokio::test]
async fn files_of_bookmarks_are_in_it_and_are_taken_for_nothing_else() {
    let desk = a_desk_with(2).await;
    let scope = desk.scope;
    let ids: Vec<_> = desk.bookmarks().await.into_iter().map(|bookmark| bookmark.id).collect();
    let zeros = vec![0; 3 << 20];
    for id in &ids {
        let ask = KeepFile {
            bookmark: *id,
            kind: CaptureKind::Upload,
            name: "bookmarks.jsonl".to_owned(),
            content_type: None,
        };
        let portions = futures::stream::iter([Ok::<_, std::io::Error>(zeros.clone())]);
        let received = receive(&*desk.ctx.stores.blobs, portions, 4 << 20).await.unwrap();
        keep_file(&desk.ctx, scope, ask, received).await.unwrap();
    }
    trash_items(&desk.ctx, scope, vec![ids[1]]).await.unwrap();
    let archive = archive_of(&desk).await;
    let checked = check_archive(&mut Cursor::new(archive.clone())).unwrap();
    assert_eq!(checked.wrong, [""; 0]);
    let files = checked.manifest.files.iter().filter(|file| file.path.contains("/files"));
    let files: Vec<_> = files.map(|file| (file.path.as_str(), file.bytes)).collect();
    assert_eq!(files.len(), 2, "what is in the trash is not in it: {files:?}");
    assert!(files[0].0.ends_with("/files.jsonl") && files[1].1 == 3 << 20, "{files:?}");
    let job = Desk::new().await.import(&archive).await;
    assert_eq!((job.stored, job.refused), (1, 0), "its name makes it no list of bookmarks");
}

/// The files of a bookmark: name, kind, media type, content.
async fn files_of(desk: &Desk, url: &str) -> Vec<(String, CaptureKind, String, Vec<u8>)> {
    let item = desk.bookmark(url).await.id;
    let mut all = Vec::new();
    for file in list_files(&desk.ctx, desk.scope, item).await.unwrap() {
        let (_, mut content) = open_file(&desk.ctx, desk.scope, file.id).await.unwrap();
        let mut bytes = Vec::new();
        std::io::copy(&mut content, &mut bytes).unwrap();
        all.push((file.name, file.kind, file.content_type, bytes));
    }
    all
}

/// A desk with two bookmarks; the first has a page, the second a page and something else.
async fn a_desk_with_files() -> Desk {
    let desk = a_desk_with(2).await;
    for (url, kind, name, content) in [
        ("https://example.org/0", CaptureKind::Snapshot, "page.html", b"<p>zero".to_vec()),
        ("https://example.org/1", CaptureKind::Snapshot, "page.html", vec![1; 700 << 10]),
        ("https://example.org/1", CaptureKind::Upload, "ü \"b\".bin", vec![2; 9]),
    ] {
        let bookmark = desk.bookmark(url).await.id;
        let content_type = Some("text/html".to_owned());
        let ask = KeepFile { bookmark, kind, name: name.to_owned(), content_type };
        let portions = futures::stream::iter([Ok::<_, std::io::Error>(content)]);
        let received = receive(&*desk.ctx.stores.blobs, portions, 1 << 20).await.unwrap();
        keep_file(&desk.ctx, desk.scope, ask, received).await.unwrap();
    }
    desk
}

#[tokio::test]
async fn files_come_back_to_their_bookmarks_and_twice_is_once() {
    let desk = a_desk_with_files().await;
    let archive = archive_of(&desk).await;
    let other = Desk::new().await;
    // Ids and numbers are others there.
    other.import(b"{\"url\":\"https://other.example/\"}\n").await;
    for _ in 0..2 {
        let job = other.import(&archive).await;
        assert_eq!((job.state, job.problem), (JobState::Done, None));
        for url in ["https://example.org/0", "https://example.org/1"] {
            assert_eq!(files_of(&other, url).await, files_of(&desk, url).await, "{url}");
        }
    }
    assert!(files_of(&other, "https://other.example/").await.is_empty());
}

#[tokio::test]
async fn a_rehearsal_brings_no_file_and_an_archive_without_them_says_what_it_lacks() {
    let desk = a_desk_with_files().await;
    let other = Desk::new().await;
    let ask = ImportFile { dry_run: true, ..ImportFile::default() };
    other.import_as(&archive_of(&desk).await, ask).await;
    assert_eq!(other.bookmarks().await.len(), 0);
    let without = archive_with(&desk, Contents::Without).await;
    let checked = check_archive(&mut Cursor::new(without.clone())).unwrap();
    assert_eq!(checked.wrong, [""; 0]);
    let paths: Vec<_> = checked.manifest.files.iter().map(|file| file.path.as_str()).collect();
    assert!(paths.iter().any(|path| path.ends_with("/files.jsonl")), "{paths:?}");
    assert!(paths.iter().all(|path| !path.contains("/files/")), "{paths:?}");
    let job = other.import(&without).await;
    assert_eq!((job.state, job.stored), (JobState::Done, 2));
    let told = job.problem.unwrap();
    assert!(told.starts_with("3 files were not taken") && told.contains("page.html"), "{told}");
}

#[tokio::test]
async fn a_file_of_an_archive_that_was_changed_is_not_taken_and_the_import_says_so() {
    let whole = archive_of(&a_desk_with_files().await).await;
    let at = whole.windows(7).position(|seven| seven == b"<p>zero").unwrap();
    let mut changed = whole;
    changed[at] ^= 1;
    let desk = Desk::new().await;
    let source = Box::new(Cursor::new(changed));
    let told = import_file(&desk.ctx, desk.scope, ImportFile::default(), source).await;
    assert!(matches!(told, Err(Failure::Refused(_))), "{told:?}");
    let job = desk.ctx.stores.imports.jobs(desk.scope, 1).await.unwrap().remove(0);
    assert_eq!((job.state, job.stored), (JobState::Failed, 2), "bookmarks stay: {job:?}");
    assert!(files_of(&desk, "https://example.org/0").await.is_empty());
}

#[tokio::test]
async fn every_changed_byte_of_a_file_is_seen() {
    let archive = archive_of(&a_desk_with(5).await).await;
    for at in (0..archive.len()).step_by(37) {
        let mut damaged = archive.clone();
        damaged[at] ^= 0x55;
        // It may be a byte that says nothing, such as the day; then all is still as it was.
        let Ok(checked) = check_archive(&mut Cursor::new(damaged)) else { continue };
        let whole = check_archive(&mut Cursor::new(archive.clone())).unwrap();
        assert!(!checked.wrong.is_empty() || checked.signed == whole.signed, "byte {at}");
    }
    for end in (0..archive.len()).step_by(61) {
        assert!(check_archive(&mut Cursor::new(archive[..end].to_vec())).is_err(), "{end} bytes");
    }
}

/// An archive of these files, whose list says `said` of the length of each where that is given.
fn made_up(files: &[(&str, &[u8])], said: Option<u32>) -> Vec<u8> {
    let (mut out, mut list) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let offset = u32::try_from(out.len()).unwrap();
        let mut deflate = DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        deflate.write_all(bytes).unwrap();
        let packed = deflate.finish().unwrap();
        let mut crc = Crc::new();
        crc.update(bytes);
        let sizes = [
            crc.sum(),
            u32::try_from(packed.len()).unwrap(),
            said.unwrap_or(u32::try_from(bytes.len()).unwrap()),
        ];
        let length = u16::try_from(name.len()).unwrap();
        out.extend(b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0");
        list.extend(b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0");
        for size in sizes {
            out.extend(size.to_le_bytes());
            list.extend(size.to_le_bytes());
        }
        out.extend(length.to_le_bytes());
        out.extend([0; 2]);
        out.extend(name.as_bytes());
        out.extend(packed);
        list.extend(length.to_le_bytes());
        list.extend([0; 12]);
        list.extend(offset.to_le_bytes());
        list.extend(name.as_bytes());
    }
    let (at, count) = (u32::try_from(out.len()).unwrap(), u16::try_from(files.len()).unwrap());
    let bytes = u32::try_from(list.len()).unwrap();
    out.extend(list);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(bytes.to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0; 2]);
    out
}

fn manifest(file: &str, bytes: &[u8]) -> Vec<u8> {
    manifest_naming(file, bytes, 1)
}

/// A manifest that names one file so many times.
fn manifest_naming(file: &str, bytes: &[u8], times: usize) -> Vec<u8> {
    let sha256 = hex::encode(Sha256::digest(bytes));
    let file = serde_json::json!({ "path": file, "what": "", "bytes": bytes.len(),
        "sha256": sha256 });
    serde_json::json!({
        "format": "mindshelf-archive", "version": 1, "server": "", "person": "", "name": "",
        "made_at": "", "key": "", "files": vec![file; times],
    })
    .to_string()
    .into_bytes()
}

async fn refusal(archive: Vec<u8>) -> String {
    let desk = Desk::new().await;
    let ask = ImportFile::default();
    match import_file(&desk.ctx, desk.scope, ask, Box::new(Cursor::new(archive))).await {
        Err(Failure::Refused(refused)) => refused.detail,
        other => panic!("a refusal was due, not {other:?}"),
    }
}

#[tokio::test]
async fn what_somebody_made_up_is_refused_and_said_why() {
    const ROWS: &[u8] = b"{\"url\":\"https://a.example/\"}\n";
    const PATH: &str = "libraries/x/bookmarks.jsonl";
    let good = made_up(&[(MANIFEST, &manifest(PATH, ROWS)), (PATH, ROWS)], None);
    let job = Desk::new().await.import(&good).await;
    assert_eq!((job.stored, job.refused), (1, 0), "made by another program, and whole");
    let foreign = made_up(&[("a.html", b"<html>")], None);
    assert!(refusal(foreign).await.contains("unpack it"), "an archive of others");
    let other = made_up(&[(MANIFEST, &manifest(PATH, b"other")), (PATH, ROWS)], None);
    assert!(refusal(other).await.contains("not what was exported"));
    let empty = made_up(&[(MANIFEST, &manifest("account.json", b"{}")), (PATH, ROWS)], None);
    assert!(refusal(empty).await.contains("no library"));
    let zeros = vec![0; 8 << 20];
    let bomb = made_up(&[(MANIFEST, &manifest(PATH, &zeros)), (PATH, &zeros)], None);
    assert!(refusal(bomb).await.contains("more tightly"));
    let twice = made_up(&[(MANIFEST, &manifest_naming(PATH, ROWS, 2)), (PATH, ROWS)], None);
    assert!(refusal(twice).await.contains("twice"), "it would unpack to as much as it likes");
    let liar = made_up(&[(MANIFEST, &manifest(PATH, ROWS)), (PATH, ROWS)], Some(5));
    assert!(refusal(liar).await.contains("damaged"));
    let unsigned = check_archive(&mut Cursor::new(good)).unwrap_err().to_string();
    assert!(unsigned.contains(SIGNATURE), "{unsigned}");
}
