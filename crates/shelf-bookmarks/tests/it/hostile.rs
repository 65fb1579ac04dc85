//! No input, however hostile, makes a reader panic, hang or lose count of its rows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::Value;
use shelf_bookmarks::import::{Format, detect};

use crate::shared::{data, force, unpacked};

fn every_reader(bytes: &[u8]) {
    if let Ok(format) = detect(bytes, bytes.len() as u64) {
        assert_eq!(Format::named(format.name()), Some(format));
    }
    for format in Format::ALL {
        force(bytes, format);
    }
}

fn lines(text: &str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

/// Puts a text where a format expects somebody's words.
fn dressed(text: &str) -> Vec<(Format, String)> {
    let quoted = serde_json::to_string(text).unwrap();
    let cell = text.replace('"', "\"\"");
    let link = format!("<A HREF=\"{text}\" TAGS=\"{text}\" ADD_DATE=\"{text}\">{text}</A>");
    let row =
        format!("{{\"url\":{quoted},\"title\":{quoted},\"tags\":{quoted},\"created\":{quoted}}}");
    let node = format!("{{\"type\":\"url\",\"name\":{quoted},\"url\":{quoted}}}");
    let folder = format!("{{\"type\":\"folder\",\"name\":{quoted},\"children\":[{node}]}}");
    let line = format!("{{\"url\":{quoted},\"tags\":[{quoted}],\"collections\":[{quoted}]}}\n");
    let head = "url,title,tags,folder,created,raw";
    let record = format!("\"{cell}\"").repeat(6).replace("\"\"", "\",\"");
    vec![
        (Format::NetscapeHtml, format!("<DL><p><DT><H3>{text}</H3><DL><p><DT>{link}<DD>{text}")),
        (Format::MindshelfJsonl, line),
        (Format::Json, format!("[{row}]")),
        (Format::ChromeJson, format!("{{\"roots\":{{\"other\":{folder}}}}}")),
        (Format::Csv, format!("{head}\n{record}\n")),
    ]
}

#[test]
fn naughty_strings_and_payloads_pass_through_every_reader() {
    let Some(folder) = data("nasty") else { return };
    for name in ["naughty_strings.jsonl", "payloads.jsonl", "url_tests.jsonl", "data_urls.jsonl"] {
        let file = std::fs::read_to_string(folder.join(name)).unwrap();
        for value in lines(&file) {
            for text in value.as_object().unwrap().values().filter_map(Value::as_str) {
                every_reader(text.as_bytes());
                for (format, file) in dressed(text) {
                    let content = force(file.as_bytes(), format).unwrap();
                    // Unescaped quotes in HTML may swallow the rest of the file, which is told.
                    let told = content.rows() + content.notices.len();
                    assert!(told > 0, "no row of {format} vanishes: {file}");
                }
            }
        }
    }
}

#[test]
fn json_bombs_and_broken_json_stop_no_reader() {
    let Some(folder) = data("nasty") else { return };
    let text = std::fs::read_to_string(folder.join("json_parsing.jsonl")).unwrap();
    for case in lines(&text) {
        let decode = |name: &str| case[name].as_str().map(|b64| STANDARD.decode(b64).unwrap());
        let bytes = match (decode("b64"), decode("repeat_b64")) {
            (Some(bytes), _) => bytes,
            (None, Some(unit)) => {
                let length = usize::try_from(case["bytes"].as_u64().unwrap()).unwrap();
                unit.iter().copied().cycle().take(length).collect()
            }
            (None, None) => panic!("a case without bytes: {case}"),
        };
        every_reader(&bytes);
    }
}

#[test]
fn html_trees_of_the_standard_pass_through_every_reader() {
    let Some(folder) = data("nasty") else { return };
    let text = String::from_utf8(unpacked(&folder.join("html5lib_tree.jsonl.zst"))).unwrap();
    for case in lines(&text) {
        for text in case.as_object().unwrap().values().filter_map(Value::as_str) {
            every_reader(text.as_bytes());
        }
    }
}

#[test]
fn repeated_openings_take_linear_time() {
    for unit in [
        "<!--",
        "<a href=\"",
        "<DL><DT><H3>",
        "<A HREF=x>",
        "&",
        "&#",
        "{\"a\":",
        "[",
        "{\"children\":[",
        "\"",
        "[linkding-notes]",
        "<DD>",
        "'",
        "\\",
        "{\"url\":\"x:\",\"collections\":[\"a/\"]}\n",
        "url,",
        "<DT><A TAGS=\"a\">",
        "\r\n\r",
        "</DL>",
        "<![CDATA[",
    ] {
        let bytes = unit.repeat(200_000 / unit.len());
        every_reader(bytes.as_bytes());
    }
}

fn real_files() -> Vec<Vec<u8>> {
    let Some(folder) = data("imports") else {
        return vec![b"<DL><p><DT><A HREF=x:>y</A>".to_vec()];
    };
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.map(|path| std::fs::read(path).unwrap()).filter(|b| b.len() < 30_000).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_stop_no_reader(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        every_reader(&bytes);
    }

    #[test]
    fn random_markup_stops_no_reader(text in "(<(/?(dl|dt|dd|a|h3|p|hr)|!--|a href=)[ \"'=>]{0,3}|[a-z&;#\\n>]{0,4}){0,60}") {
        every_reader(text.as_bytes());
    }

    #[test]
    fn random_json_stops_no_reader(text in "([\\[\\]{},:]|\"(url|children|type|a|\\\\u12)\"|[0-9]{1,20}|null|-){0,60}") {
        every_reader(text.as_bytes());
    }
}

#[test]
fn mutated_real_files_stop_no_reader() {
    let files = real_files();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap()
    };
    for file in files.iter().filter(|file| !file.is_empty()) {
        let format = detect(file, file.len() as u64);
        for _ in 0..40 {
            let mut bytes = file.clone();
            for _ in 0..=random(4) {
                let at = random(bytes.len());
                match random(5) {
                    0 => bytes.truncate(at.max(1)),
                    1 => bytes[at] = u8::try_from(random(256)).unwrap(),
                    2 => drop(bytes.remove(at)),
                    3 => bytes.insert(at, b"<>\"'&{}[],\\\0\n"[random(13)]),
                    _ => {
                        let end = (at + random(200)).min(bytes.len());
                        let part = bytes[at..end].to_vec();
                        bytes.splice(at..at, part);
                    }
                }
                if bytes.is_empty() {
                    bytes.push(b'<');
                }
            }
            if let Ok(format) = format {
                force(&bytes, format);
            }
            if let Ok(format) = detect(&bytes, bytes.len() as u64) {
                force(&bytes, format);
            }
        }
    }
}
