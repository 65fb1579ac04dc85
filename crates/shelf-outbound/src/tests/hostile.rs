//! A hundred and more addresses that lead inside, and a trap there that nobody may touch.

use super::net::{Net, page};
use crate::caps::Caps;
use crate::line::Tcp;
use crate::rules::Rules;
use shelf_ports::outbound::{Outbound, Refusal, Unanswered};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::{TcpListener, TcpStream};

/// Names that lead inside, and where.
const NAMES: &[(&str, &[&str])] = &[
    ("localhost", &["127.0.0.1", "::1"]),
    ("localhost.localdomain", &["127.0.0.1"]),
    ("a.localhost", &["127.0.0.1"]),
    ("127.0.0.1.nip.example", &["127.0.0.1"]),
    ("loop.example", &["127.0.0.1"]),
    ("loop6.example", &["::1"]),
    ("any.example", &["0.0.0.0"]),
    ("mixed.example", &["93.184.216.34", "127.0.0.1"]),
    ("mixed6.example", &["2606:2800:220:1::1", "::1"]),
    (
        "last.example",
        &["93.184.216.34", "93.184.216.35", "93.184.216.36", "93.184.216.37", "10.0.0.1"],
    ),
    ("lan.example", &["192.168.1.1"]),
    ("ula.example", &["fd12:3456::1"]),
    ("mapped.example", &["::ffff:127.0.0.1"]),
    ("nat64.example", &["64:ff9b::7f00:1"]),
    ("meta.example", &["169.254.169.254"]),
    ("meta6.example", &["fd00:ec2::254"]),
    ("xn--bcher-kva.example", &["127.0.0.1"]),
    ("kubernetes.default.svc", &["10.96.0.1"]),
    ("host.docker.internal", &["172.17.0.1"]),
    ("router", &["192.168.0.1"]),
];

/// Addresses that must be refused, by the rule that refuses them. `{p}` is the port of the trap,
/// which is among those that are asked; so no port saves an address.
const HOSTILE: &[(Refusal, &[&str])] = &[
    (
        Refusal::Place,
        &[
            // This machine, as people write it and as they should not.
            "http://127.0.0.1:{p}/",
            "http://127.0.0.1:{p}/latest/meta-data/",
            "http://127.1:{p}/",
            "http://127.0.1:{p}/",
            "http://127.000.000.001:{p}/",
            "http://2130706433:{p}/",
            "http://0x7f000001:{p}/",
            "http://0x7F.0.0.1:{p}/",
            "http://0x7f.1:{p}/",
            "http://0x7f.0x0.0x0.0x1:{p}/",
            "http://017700000001:{p}/",
            "http://0177.0.0.1:{p}/",
            "http://0177.0x0.1:{p}/",
            "http://00000177.1:{p}/",
            "http://127.0.0.1.:{p}/",
            "http://127.127.127.127:{p}/",
            "http://127.255.255.254:{p}/",
            "http://%31%32%37.0.0.1:{p}/",
            "http://127%2e0%2e0%2e1:{p}/",
            "http://１２７.０.０.１:{p}/",
            "http://①②⑦.⓪.⓪.①:{p}/",
            "http://127。0。0。1:{p}/",
            "http://127．0．0．1:{p}/",
            "http:127.0.0.1:{p}/",
            "http:/127.0.0.1:{p}/",
            "http:\\\\127.0.0.1:{p}\\",
            "http:////127.0.0.1:{p}/",
            "HTTP://127.0.0.1:{p}/",
            " http://127.0.0.1:{p}/",
            "ht\ntp://127.0.\t0.1:{p}/",
            "http://127.0.0.1:{p}#@good.example/",
            "http://127.0.0.1:{p}?@good.example/",
            "http://127.0.0.1:{p}\\@good.example/",
            "http://0:{p}/",
            "http://0.0.0.0:{p}/",
            "http://0x0:{p}/",
            "http://0.1.2.3:{p}/",
            "http://[::]:{p}/",
            "http://[::1]:{p}/",
            "http://[0:0:0:0:0:0:0:1]:{p}/",
            "http://[0000:0000::0001]:{p}/",
            "http://[::ffff:127.0.0.1]:{p}/",
            "http://[::ffff:7f00:1]:{p}/",
            "http://[0:0:0:0:0:ffff:127.0.0.1]:{p}/",
            "http://[::127.0.0.1]:{p}/",
            "http://[::7f00:1]:{p}/",
            "http://[::ffff:0:127.0.0.1]:{p}/",
            "http://[64:ff9b::127.0.0.1]:{p}/",
            "http://[64:ff9b::7f00:1]:{p}/",
            "http://[64:ff9b:1::127.0.0.1]:{p}/",
            "http://[64:ff9b:1:7f00:0:100::]:{p}/",
            "http://[2002:7f00:1::]:{p}/",
            "http://[2002:7f00:1::1]:{p}/",
            "http://[2001::80ff:fffe]:{p}/",
            "http://[2001:0:7f00:1::]:{p}/",
            "http://[::ffff:0.0.0.0]:{p}/",
            "https://127.0.0.1:{p}/",
            "https://[::1]:{p}/",
            // Private networks.
            "http://10.0.0.1:{p}/",
            "http://10.255.255.255/",
            "http://167772161/",
            "http://012.0.0.1/",
            "http://0xa000001/",
            "http://172.16.0.1/",
            "http://172.31.255.254/",
            "http://192.168.0.1/",
            "http://192.168.257/",
            "http://3232235777/",
            "http://100.64.0.1/",
            "http://100.127.255.254/",
            "http://[::ffff:10.0.0.1]/",
            "http://[::ffff:c0a8:101]/",
            "http://[64:ff9b::10.0.0.1]/",
            "http://[64:ff9b::c0a8:101]/",
            "http://[fc00::1]/",
            "http://[fd12:3456:789a::1]/",
            "http://[fe80::1]/",
            "http://[febf::1]/",
            "http://[fec0::1]/",
            // Metadata of clouds.
            "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
            "http://169.254.169.254:{p}/",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://169.254.43518/",
            "http://[::ffff:169.254.169.254]/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://[fd00:ec2::254]/latest/",
            "http://[fd20:ce::254]/computeMetadata/v1/",
            "http://169.254.170.2/v2/credentials/",
            "http://100.100.100.200/latest/meta-data/",
            "http://168.63.129.16/metadata/",
            "http://192.0.0.192/latest/",
            // What is nowhere.
            "http://192.0.0.8/",
            "http://192.0.2.1/",
            "http://192.88.99.1/",
            "http://198.18.0.1/",
            "http://198.19.255.255/",
            "http://198.51.100.7/",
            "http://203.0.113.9/",
            "http://224.0.0.1/",
            "http://239.255.255.250/",
            "http://240.0.0.1/",
            "http://255.255.255.255/",
            "http://4294967295/",
            "http://[2001:db8::1]/",
            "http://[2001:2::1]/",
            "http://[2001:10::1]/",
            "http://[3fff::1]/",
            "http://[5f00::1]/",
            "http://[100::1]/",
            "http://[ff02::1]/",
            "http://[4000::1]/",
            // Names that lead there.
            "http://localhost:{p}/",
            "http://LOCALHOST:{p}/",
            "http://localhost.:{p}/",
            "http://ⓛocalhost:{p}/",
            "http://loc%61lhost:{p}/",
            "http://localhost.localdomain:{p}/",
            "http://a.localhost:{p}/",
            "http://127.0.0.1.nip.example:{p}/",
            "http://loop.example:{p}/",
            "https://loop.example:{p}/",
            "http://loop6.example:{p}/",
            "http://any.example:{p}/",
            "http://mixed.example:{p}/",
            "http://mixed6.example:{p}/",
            "http://last.example/",
            "http://lan.example/",
            "http://ula.example/",
            "http://mapped.example:{p}/",
            "http://nat64.example:{p}/",
            "http://meta.example/",
            "http://meta6.example/",
            "http://bücher.example:{p}/",
            "http://kubernetes.default.svc/",
            "http://host.docker.internal:{p}/",
            "http://router/",
        ],
    ),
    (
        Refusal::Name,
        &[
            "http://metadata.google.internal/computeMetadata/v1/",
            "http://METADATA.google.internal./",
            "http://metadata/",
            "http://metadata.goog/",
            "http://instance-data/latest/meta-data/",
            "http://metadata.tencentyun.com/",
        ],
    ),
    (
        Refusal::Userinfo,
        &[
            "http://user@127.0.0.1:{p}/",
            "http://good.example@127.0.0.1:{p}/",
            "http://good.example:80@127.0.0.1:{p}/",
            "http://:secret@good.example/",
            "http://a:b@good.example/",
            "http://good.example%2f@127.0.0.1:{p}/",
            "http://good.example\u{0}@127.0.0.1:{p}/",
        ],
    ),
    (
        Refusal::Scheme,
        &[
            "file:///etc/passwd",
            "file://127.0.0.1/etc/passwd",
            "ftp://127.0.0.1:{p}/",
            "gopher://127.0.0.1:{p}/_x",
            "dict://127.0.0.1:{p}/d:x",
            "ldap://127.0.0.1:{p}/",
            "ws://127.0.0.1:{p}/",
            "jar:http://127.0.0.1:{p}/x!/",
            "data:text/html,x",
            "javascript:alert(1)",
            "unix:///var/run/docker.sock",
            "http+unix://%2fvar%2frun%2fdocker.sock/info",
            "view-source:http://127.0.0.1:{p}/",
            "localhost:{p}/",
        ],
    ),
    (
        Refusal::Port,
        &[
            "http://good.example:22/",
            "http://good.example:25/",
            "http://good.example:6379/",
            "http://good.example:0/",
            "https://good.example:8443/",
            "http://127.0.0.1:11211/",
        ],
    ),
    (
        Refusal::Unreadable,
        &[
            "",
            "/",
            "//127.0.0.1:{p}/",
            "127.0.0.1:{p}",
            "http://",
            "http://:{p}/",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1:-1/",
            "http://256.256.256.256:{p}/",
            "http://0x100000000:{p}/",
            "http://127.0.0.1.1:{p}/",
            "http://1.2.3.08:{p}/",
            "http://[fe80::1%25lo]:{p}/",
            "http://[::1%lo]:{p}/",
            "http://[::1]x:{p}/",
            "http://[::1:{p}/",
            "http://127.0.0.1%00.good.example:{p}/",
            "http://127.0.0.1 :{p}/",
            "http://a b.example/",
        ],
    ),
];

/// Listens on every address of this machine.
async fn trap() -> (u16, Arc<AtomicUsize>) {
    let listener = match TcpListener::bind("[::]:0").await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind("0.0.0.0:0").await.unwrap(),
    };
    let (port, touched) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&touched);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            drop(tokio::io::AsyncWriteExt::shutdown(&mut stream).await);
        }
    });
    (port, touched)
}

/// How often the trap was touched but for the touch that asks: connections are taken in order.
async fn touches(port: u16, touched: &AtomicUsize) -> usize {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    drop(tokio::io::AsyncReadExt::read(&mut stream, &mut [0]).await);
    touched.swap(0, Ordering::SeqCst) - 1
}

#[tokio::test]
async fn no_hostile_address_touches_anything_inside() {
    let (port, touched) = trap().await;
    let net = Arc::new(Net::default());
    for (name, leads) in NAMES {
        net.name(name, &[leads]);
    }
    net.name("good.example", &[&["93.184.216.34"]]);
    let rules = Rules { ports: vec![port], ..Rules::default() };
    let mut door = net.door(rules, Caps::default());
    door.dial = Box::new(Tcp);
    let mut tried = 0;
    for (refusal, urls) in HOSTILE {
        for url in *urls {
            let url = url.replace("{p}", &port.to_string());
            let answer = door.send(page(&url)).await;
            assert_eq!(answer, Err(Unanswered::Refused(*refusal)), "{url}");
            assert_eq!(touches(port, &touched).await, 0, "{url}");
            tried += 1;
        }
    }
    assert!(tried >= 120, "{tried}");
}

#[tokio::test]
async fn the_trap_is_touched_where_it_is_allowed() {
    let (port, touched) = trap().await;
    let allow = vec!["127.0.0.0/8".parse().unwrap()];
    let rules = Rules { ports: vec![port], allow, ..Rules::default() };
    let mut door = Arc::new(Net::default()).door(rules, Caps::default());
    door.dial = Box::new(Tcp);
    drop(door.send(page(&format!("http://127.0.0.1:{port}/"))).await);
    assert_eq!(touches(port, &touched).await, 1);
}
