//! A second, far simpler parser must find the same links, tags, dates and folders.

use std::collections::BTreeMap;

use crate::shared::{Content, data, unpacked};

/// One link as the oracle sees it: address, title, tags, date, path.
pub(crate) type Seen = (String, String, Vec<String>, Option<i64>, Vec<String>);

/// Reads line by line, which suffices for files as browsers write them.
pub(crate) fn scan(text: &str) -> Vec<Seen> {
    let mut links = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut next: Option<String> = None;
    let mut depth_names: Vec<Option<String>> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("<DL>") {
            let name = next.take();
            path.extend(name.clone());
            depth_names.push(name);
        } else if line.starts_with("</DL>") {
            if depth_names.pop().flatten().is_some() {
                path.pop();
            }
        } else if line.contains("<H3") {
            next = Some(plain(between(line, '>', "</H3>", "<H3")));
        } else if line.contains("<A HREF=") {
            let tags = attribute(line, "TAGS").unwrap_or_default();
            let tags = tags
                .split(',')
                .map(str::trim)
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
                .collect();
            let date = attribute(line, "ADD_DATE").map(|d| d.parse::<i64>().unwrap() * 1_000);
            let title = plain(between(line, '>', "</A>", "<A "));
            links.push((attribute(line, "HREF").unwrap(), title, tags, date, path.clone()));
        }
    }
    links
}

fn between<'a>(line: &'a str, open: char, close: &str, tag: &str) -> &'a str {
    let from = &line[line.find(tag).unwrap()..];
    let from = &from[from.find(open).unwrap() + 1..];
    &from[..from.find(close).unwrap()]
}

fn attribute(line: &str, name: &str) -> Option<String> {
    let from = &line[line.find(&format!("{name}=\""))? + name.len() + 2..];
    Some(plain(&from[..from.find('"').unwrap()]))
}

fn plain(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#39;", "'").replace("&#x27;", "'").replace("&amp;", "&").trim().to_owned()
}

/// Seconds of processor time one reading of 50,000 links may take, twice what it may on one's desk.
const LARGE_SECONDS_MAX: f64 = 2.0;

#[test]
fn fifty_thousand_links_are_read_in_a_moment() {
    let Some(folder) = data("netscape") else { return };
    let bytes = unpacked(&folder.join("bookmarks_chrome_50000.html.zst"));
    // Processor time, because other tests run at the same time; the best of three.
    let seconds = (0..3)
        .map(|_| {
            let before = processor_seconds();
            let (_, content) = Content::read(&bytes);
            assert_eq!(content.entries.len(), 50_000);
            processor_seconds() - before
        })
        .fold(f64::INFINITY, f64::min);
    eprintln!("50,000 links read in {seconds:.2} s of processor time");
    assert!(seconds < LARGE_SECONDS_MAX, "{seconds} s");
}

/// Processor time of this thread as the kernel counts it, in seconds.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = stat.split(' ').next().and_then(|text| text.parse::<u64>().ok());
    nanos.unwrap_or_default() as f64 / 1e9
}

#[test]
fn the_oracle_and_the_reader_agree_on_large_files() {
    let Some(folder) = data("netscape") else { return };
    let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    for line in manifest.lines() {
        let about: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        let bytes = unpacked(&folder.join(about["file"].as_str().unwrap()));
        let (_, content) = Content::read(&bytes);
        assert_eq!(content.rows() as u64, about["links"].as_u64().unwrap());
        assert_eq!(content.folders.len() as u64, about["folders"].as_u64().unwrap());
        assert!(content.refused.is_empty(), "{:?}", content.refused.first());
        let by_node: std::collections::HashMap<u32, _> =
            content.folders.iter().map(|folder| (folder.node, folder)).collect();
        let seen = scan(std::str::from_utf8(&bytes).unwrap());
        assert_eq!(seen.len(), content.entries.len());
        for (entry, (url, title, mut tags, date, path)) in content.entries.iter().zip(seen) {
            let mut known = std::collections::HashSet::new();
            tags.retain(|tag| known.insert(tag.clone()));
            assert_eq!((&entry.url, &entry.title), (&url, &title));
            assert_eq!((&entry.tags, entry.created_at), (&tags, date), "{url}");
            let mut names = Vec::new();
            let mut next = entry.places[0].folder;
            while let Some(node) = next {
                names.push(by_node[&node].name.clone());
                next = by_node[&node].parent;
            }
            names.reverse();
            assert_eq!(names, path, "{url}");
        }
    }
}
