//! A file comes in without a script: sent, shown, imported, undone.

use std::time::Duration;

use axum::{body::Body, http::StatusCode};

use crate::room::{ORIGIN, Room, Told};

const FILE: &str = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p>\n<DT><H3>Reading &lt;b&gt;</H3>\n<DL><p>\n\
    <DT><A HREF=\"https://example.org/1\">One</A>\n<DT><A HREF=\"https://example.org/1\">Once more</A>\n\
    <DT><A HREF=\"nowhere\">Bad</A>\n</DL><p>\n</DL><p>";

async fn send(room: &Room, csrf: &str, bytes: &str) -> Told {
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{csrf}\r\n--x\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"b.html\"\r\n\r\n{bytes}\r\n--x--\r\n"
    );
    let request = room
        .ask("POST", "/import")
        .header("origin", ORIGIN)
        .header("content-type", "multipart/form-data; boundary=x");
    room.send(request.body(Body::from(body)).unwrap()).await
}

/// The page of an import once it no longer runs.
async fn settled(room: &Room, path: &str) -> String {
    for _ in 0..500 {
        let page = room.get(path).await.text;
        if !page.contains("id=\"progress\"") {
            return page;
        }
        tokio::time::timeout(Duration::from_millis(20), std::future::pending::<()>()).await.ok();
    }
    panic!("the import never ends");
}

#[tokio::test]
async fn a_file_is_shown_before_it_comes_in_and_can_be_taken_back() {
    let room = Room::new().await;
    let told = send(&room, &room.csrf, FILE).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.text);
    let rehearsal = told.header("location").to_owned();
    let preview = settled(&room, &rehearsal).await;
    assert!(preview.contains("Bring in 2 links"), "{preview}");
    assert!(preview.contains("Reading &lt;b&gt;"));
    assert!(!room.get("/library").await.text.contains("example.org"), "nothing is written yet");
    let told = room.post(&format!("{rehearsal}/run"), &[]).await;
    let import = told.header("location").to_owned();
    let ledger = settled(&room, &import).await;
    assert!(ledger.contains("3 parsed = 1 stored + 1 merged + 1 refused"), "{ledger}");
    assert!(room.get("/library").await.text.contains("example.org"));
    room.post(&format!("{import}/undo"), &[]).await;
    assert!(!room.get("/library").await.text.contains("example.org"));
    assert!(room.get(&import).await.text.contains("Undone"));
    let again = room.post(&format!("{rehearsal}/run"), &[]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "the file is gone after its import");
}

#[tokio::test]
async fn a_file_without_our_token_or_of_no_known_format_is_refused() {
    let room = Room::new().await;
    assert_eq!(send(&room, "wrong", FILE).await.status, StatusCode::FORBIDDEN);
    let told = send(&room, &room.csrf, "\u{0}\u{1}\u{2}").await;
    assert!(told.status.is_client_error(), "{}", told.status);
    assert!(!told.text.contains("<script>"));
}
