//! Loopback is inside; who runs the server may name what of it is reached all the same.

use shelf_outbound::{Guard, Rules};
use shelf_ports::outbound::{Ask, Outbound, Refusal, Trouble, Unanswered};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server on loopback that answers every request with a page; its port.
async fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
            }
            let page = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<p>home";
            stream.write_all(page).await.unwrap();
        }
    });
    port
}

fn door(allow: &[String]) -> Guard {
    let allow = allow.iter().map(|text| text.parse().unwrap()).collect();
    Guard::new(Rules { allow, ..Rules::default() }).unwrap()
}

#[tokio::test]
async fn loopback_is_reached_only_where_it_is_named() {
    let port = server().await;
    let page = |host: &str| Ask::fetch(format!("http://{host}:{port}/"), &["text/html"]);
    let named = door(&[format!("localhost:{port}"), format!("127.0.0.1:{port}")]);
    for host in ["localhost", "127.0.0.1", "2130706433"] {
        assert_eq!(named.send(page(host)).await.unwrap().body, b"<p>home", "{host}");
    }
    let refusal = |refusal: Refusal| Err(Unanswered::Refused(refusal));
    assert_eq!(named.send(page("127.0.0.2")).await, refusal(Refusal::Port));
    assert_eq!(door(&[]).send(page("localhost")).await, refusal(Refusal::Port));
    let rules = Rules { ports: vec![port], ..Rules::default() };
    let asking = Guard::new(rules).unwrap();
    for host in ["localhost", "127.0.0.1", "[::1]", "0"] {
        assert_eq!(asking.send(page(host)).await, refusal(Refusal::Place), "{host}");
    }
}

#[tokio::test]
async fn this_server_is_not_reached_although_its_address_is_allowed() {
    let port = server().await;
    let own = vec![format!("127.0.0.1:{port}").parse().unwrap()];
    let allow = vec![format!("localhost:{port}").parse().unwrap()];
    let door = Guard::new(Rules { own, allow, ..Rules::default() }).unwrap();
    let ask = Ask::fetch(format!("http://localhost:{port}/"), &["text/html"]);
    assert_eq!(door.send(ask).await, Err(Unanswered::Refused(Refusal::Place)));
}

#[tokio::test]
async fn a_name_that_cannot_be_has_no_address() {
    let ask = Ask::fetch("http://nowhere.invalid/", &["text/html"]);
    assert_eq!(door(&[]).send(ask).await, Err(Unanswered::Failed(Trouble::NoSuchName)));
}
