//! Small files of our own, one for each format, read down to the last field.

use shelf_bookmarks::import::{Entry, Format, Role, detect, read_bytes};

use crate::shared::{Content, options};

fn fixture(name: &str) -> (Format, Content) {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    Content::read(&std::fs::read(path).unwrap())
}

fn titled<'a>(content: &'a Content, title: &str) -> &'a Entry {
    content.entries.iter().find(|entry| entry.title == title).unwrap()
}

#[test]
fn a_browser_file_keeps_its_tree_order_and_words() {
    let (format, content) = fixture("browser.html");
    assert_eq!(format, Format::NetscapeHtml);
    let names: Vec<&str> = content.folders.iter().map(|folder| folder.name.as_str()).collect();
    assert_eq!(names, ["Bar", "Empty", "Twin", "Twin"]);
    assert_eq!(content.folders[0].role, Role::Toolbar);
    assert_eq!(content.folders[0].description, "What stands in the bar");
    assert_eq!(content.folders[0].modified_at, Some(1_600_000_100_000));
    let tea = titled(&content, "A & B <i>tea</i>");
    assert_eq!(tea.url, "https://example.org/a?x=1&y=2&copy=3");
    assert_eq!(tea.tags, ["reading", "to sort"]);
    let inner = "<a href=\"https://example.org/inner\">inner</a>";
    assert_eq!(tea.description, format!("First line <kept>\nsecond line, see {inner}"));
    assert_eq!(tea.raw["shortcuturl"], "ex");
    assert_eq!(titled(&content, "A bookmarklet").url, "javascript:alert(1)");
    let (one, two) = (titled(&content, "One"), titled(&content, "Two"));
    assert_ne!(one.places, two.places, "twins are two folders");
    assert_eq!((one.private, one.unread), (Some(true), true));
    let orders: Vec<u64> = content.folders.iter().map(|folder| folder.order).collect();
    assert_eq!(orders, [0, 2, 3, 4]);
    let reasons: Vec<&str> = content.refused.iter().map(|row| row.reason.as_str()).collect();
    assert!(reasons[0].contains("place:") && reasons[1].contains("no address"), "{reasons:?}");
    assert!(reasons[2].contains("has no scheme"), "{reasons:?}");
}

#[test]
fn linkding_notes_and_archive_are_understood() {
    let (_, content) = fixture("linkding.html");
    let kept = &content.entries[0];
    assert_eq!(kept.url, "https://example.org/?q=a&b=c");
    assert_eq!(
        (kept.description.as_str(), kept.notes.as_str()),
        ("About tea", "My *own* notes\nin two lines")
    );
    assert_eq!(kept.tags, ["tea"]);
    assert_eq!(kept.archived_at, Some(1_700_000_050_000));
}

#[test]
fn chrome_json_keeps_depth_and_leaves_the_trash() {
    let (format, content) = fixture("chrome.json");
    assert_eq!(format, Format::ChromeJson);
    let deep = titled(&content, "Deep");
    assert_eq!(content.paths(deep), [["Bar", "Inner"]]);
    assert_eq!(deep.description, "From Vivaldi");
    assert_eq!(deep.created_at, Some(1_655_526_400_000));
    assert_eq!(titled(&content, "After").places[0].order, 1);
    assert_eq!(content.rows(), 2);
}

#[test]
fn firefox_json_joins_the_tag_folders_and_skips_queries() {
    let (format, content) = fixture("firefox.json");
    assert_eq!(format, Format::FirefoxJson);
    let names: Vec<&str> = content.folders.iter().map(|folder| folder.name.as_str()).collect();
    assert_eq!(names, ["menu", "Folder", "Empty"]);
    let tagged = titled(&content, "Tagged");
    assert_eq!(
        (tagged.tags.as_slice(), tagged.raw["keyword"].as_str()),
        (&["old tag".to_owned()][..], "tg")
    );
    assert_eq!(tagged.created_at, Some(1_600_000_000_123));
    assert_eq!(titled(&content, "Tagged again").tags, ["here", "there", "old tag"]);
    assert_eq!((content.entries.len(), content.refused.len()), (2, 1));
}

#[test]
fn a_packed_firefox_backup_is_the_same_backup() {
    let path = format!("{}/tests/fixtures/firefox.json", env!("CARGO_MANIFEST_DIR"));
    let plain = std::fs::read(path).unwrap();
    let mut packed = b"mozLz40\0".to_vec();
    packed.extend(u32::try_from(plain.len()).unwrap().to_le_bytes());
    packed.extend(lz4_flex::block::compress(&plain));
    let (format, content) = Content::read(&packed);
    assert_eq!(format, Format::FirefoxJsonlz4);
    assert_eq!(content, fixture("firefox.json").1);
    packed.truncate(packed.len() / 2);
    assert!(read_bytes(&packed, &options()).is_err());
    let mut liar = b"mozLz40\0".to_vec();
    liar.extend(u32::MAX.to_le_bytes());
    liar.extend([0; 40]);
    assert!(read_bytes(&liar, &options()).unwrap_err().to_string().contains("cannot"));
}

#[test]
fn csv_of_services_is_mapped_by_its_header() {
    let (format, raindrop) = fixture("raindrop.csv");
    assert_eq!(format, Format::RaindropCsv);
    let one = &raindrop.entries[0];
    assert_eq!(raindrop.paths(one), [["Reading", "Later"]]);
    assert_eq!(one.tags, ["tea", "green tea"]);
    assert_eq!(
        (one.notes.as_str(), one.description.as_str()),
        ("my note", "An excerpt\nin two lines")
    );
    assert_eq!((one.created_at, one.favourite), (Some(1_704_164_645_678), true));
    assert!(raindrop.entries[1].places.is_empty() && !raindrop.entries[1].favourite);
    let (format, readwise) = fixture("readwise.csv");
    assert_eq!(format, Format::ReadwiseCsv);
    assert!(readwise.entries[0].unread);
    assert_eq!(readwise.entries[1].archived_at, Some(1_714_979_289_000));
    assert!(readwise.refused[0].reason.contains("feed"));
}

#[test]
fn any_csv_with_a_url_column_is_read_whatever_its_separator() {
    let (format, content) = Content::read(
        b"\xef\xbb\xbfName;Link;Labels;Extra\r\n\"T\xe9\";https://example.org/;a;b\r\n;;;\r\n",
    );
    assert_eq!(format, Format::Csv);
    assert_eq!(
        (content.entries[0].title.as_str(), content.entries[0].tags[0].as_str()),
        ("Té", "a")
    );
    assert_eq!(content.entries[0].raw["extra"], "b");
    assert_eq!(content.refused.len(), 1);
}

#[test]
fn pinboard_calls_the_title_description() {
    let (format, content) = fixture("pinboard.json");
    assert_eq!(format, Format::PinboardJson);
    let pin = &content.entries[0];
    assert_eq!((pin.title.as_str(), pin.description.as_str()), ("The title", "The notes"));
    assert_eq!(pin.tags, ["tea", "green_tea"]);
    assert_eq!((pin.private, pin.unread), (Some(true), true));
    assert_eq!(content.entries[1].private, Some(false));
    assert_eq!(content.refused.len(), 2);
}

#[test]
fn our_json_lines_take_paths_places_and_every_date() {
    let (format, content) = fixture("mindshelf.jsonl");
    assert_eq!(format, Format::MindshelfJsonl);
    let (one, two) = (&content.entries[0], &content.entries[1]);
    assert_eq!(content.paths(one), [["Reading", "Tea"], ["Reading", "A/B"]]);
    assert_eq!(content.folders.len(), 3);
    assert_eq!(one.raw["mood"], "calm");
    assert_eq!((one.favourite, one.private), (true, Some(true)));
    assert_eq!(content.paths(two), [["Reading", "Tea"]]);
    assert_eq!(two.places[0].title, "Mine");
    assert_eq!(
        (two.created_at, two.archived_at),
        (Some(1_700_000_000_000), Some(1_700_000_000_123))
    );
    assert_eq!(content.tags, [("green".to_owned(), "#0a0".to_owned())]);
    let rows: Vec<u64> = content.refused.iter().map(|row| row.row).collect();
    assert_eq!(rows, [7, 8, 9, 10], "the row is the line of the file");
}

#[test]
fn what_is_too_long_is_refused_with_its_reason_and_never_cut() {
    let long = "x".repeat(5_000);
    let many: Vec<String> = (0..1_001).map(|at| format!("t{at}")).collect();
    let html = format!(
        "<DL><p><DT><A HREF=\"https://example.org/\">{long}</A><DT><A HREF=\"https://example.org/{}\">y</A>\
         <DT><A HREF=\"https://example.org/\" TAGS=\"{}\">z</A><DT><H3>{long}</H3><DL><p>\
         <DT><A HREF=\"https://example.org/\">in</A></DL><p>",
        long.repeat(20),
        many.join(",")
    );
    let (_, content) = Content::read(html.as_bytes());
    let reasons: Vec<&str> = content.refused.iter().map(|row| row.reason.as_str()).collect();
    assert_eq!(reasons[0], "the title has 5000 characters; 4096 are allowed");
    assert!(reasons[1].starts_with("the address has 100020 bytes"), "{}", reasons[1]);
    assert_eq!(reasons[2], "the list of tags has 1001 entries; 1000 are allowed");
    assert_eq!(content.entries[0].places[0].folder, None, "content goes to the folder above");
    assert!(content.notices[0].contains("5000 characters"));
    assert!(content.refused[0].title.len() < 300);
}

#[test]
fn encodings_are_told_apart() {
    let page = |charset: &str, title: &[u8]| {
        let mut bytes =
            format!("<META CONTENT=\"text/html; charset={charset}\"><DL><p><DT><A HREF=\"x:y\">")
                .into_bytes();
        bytes.extend(title);
        bytes.extend(b"</A></DL>");
        Content::read(&bytes).1.entries[0].title.clone()
    };
    assert_eq!(page("UTF-8", "Té漢".as_bytes()), "Té漢");
    assert_eq!(page("UTF-8", b"T\xe9"), "Té", "stray bytes are read as windows-1252");
    assert_eq!(page("none", b"T\x80"), "T€");
    assert_eq!(page("Shift_JIS", b"\x8a\xbf"), "漢");
    let utf16: Vec<u8> =
        "<DL><p><DT><A HREF=\"x:y\">Té漢</A>".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(Content::read(&utf16).1.entries[0].title, "Té漢", "UTF-16 without a mark");
    let csv: Vec<u8> =
        "\u{feff}url,title\nx:y,Té漢\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(Content::read(&csv).1.entries[0].title, "Té漢");
}

#[test]
fn rows_that_quote_an_export_in_html_are_still_rows() {
    let own = "url,title,description,notes,tags,collections,created_at,modified_at,archived_at,\
         favourite,unread,private,raw\n";
    let quoted = "<!DOCTYPE NETSCAPE-Bookmark-file-1><DL><p><DT><A HREF=x:z>z</A>";
    for (header, format) in [(own, Format::MindshelfCsv), ("url,title\n", Format::Csv)] {
        let (read, content) = Content::read(format!("{header}x:y,{quoted}\n").as_bytes());
        assert_eq!(read, format);
        assert_eq!(content.entries[0].title, quoted);
    }
}

#[test]
fn what_is_no_export_is_refused_with_an_explanation() {
    for (bytes, words) in [
        (&b""[..], "empty"),
        (b"  \n ", "white space"),
        (b"PK\x03\x04....", "zip"),
        (b"SQLite format 3\0....", "database"),
        (b"<html><body><a href=\"/\">x</a></body></html>", "web page"),
        (b"<?xml version=\"1.0\"?><opml></opml>", "XML"),
        (b"[1,2]", "not one of objects"),
        (b"[{\"a\":1}]", "none of it an address"),
        (b"{\"a\":1}", "no known export"),
        (b"just some words", "no header"),
        (b"name,age\nx,1\n", "no header that names a url column"),
    ] {
        let error = detect(bytes, bytes.len() as u64).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_caller_may_stop_in_the_middle() {
    let mut count = 0;
    let mut input: &[u8] = b"url\nhttps://example.org/1\nhttps://example.org/2\n";
    let summary = shelf_bookmarks::import::read(&mut input, Format::Csv, &options(), &mut |_| {
        count += 1;
        std::ops::ControlFlow::Break(())
    });
    assert_eq!((count, summary.unwrap().parsed), (1, 1));
}
