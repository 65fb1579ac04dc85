//! Laws: nothing on the deny list passes however it is written, and everything else does.

use super::net::{Net, page};
use crate::address::is_public;
use crate::caps::Caps;
use crate::rules::Rules;
use ipnet::IpNet;
use proptest::prelude::*;
use proptest::test_runner::Config;
use shelf_ports::outbound::{Outbound, Refusal, Trouble, Unanswered};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// The deny list once more, written down apart from the code that keeps it.
const DENIED: &str = "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 \
    192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 \
    203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32 168.63.129.16/32 \
    ::/128 ::1/128 ::/96 fc00::/7 fe80::/10 fec0::/10 ff00::/8 2001:db8::/32 3fff::/20 100::/64 \
    64:ff9b:1::/48 2002::/16 2001::/32 2001::/23 5f00::/16 fd00:ec2::254/128";

fn denied() -> Vec<IpNet> {
    DENIED.split_whitespace().map(|net| net.parse().unwrap()).collect()
}

/// The address in `net` that `bits` choose.
fn within(net: IpNet, bits: u128) -> IpAddr {
    match net {
        IpNet::V4(net) => {
            let low = u32::try_from(bits & u128::from(u32::MAX)).unwrap();
            Ipv4Addr::from(u32::from(net.network()) | (low & u32::from(net.hostmask()))).into()
        }
        IpNet::V6(net) => {
            Ipv6Addr::from(u128::from(net.network()) | (bits & u128::from(net.hostmask()))).into()
        }
    }
}

/// All the ways to write `ip` as a host.
fn forms(ip: IpAddr) -> Vec<String> {
    let v4 = match ip {
        IpAddr::V4(v4) => v4,
        IpAddr::V6(v6) => {
            let groups = v6.segments().map(|group| format!("{group:04X}"));
            return vec![format!("[{v6}]"), format!("[{}]", groups.join(":"))];
        }
    };
    let ([a, b, c, d], whole) = (v4.octets(), u32::from(v4));
    let (low, lower) = (whole & 0xff_ffff, whole & 0xffff);
    let wide = |text: String| -> String {
        let wide = |c: char| char::from_u32(u32::from(c) - 0x21 + 0xff01).unwrap();
        text.chars().map(|c| if c.is_ascii_digit() { wide(c) } else { c }).collect()
    };
    let packed: Vec<String> = v4.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
    vec![
        v4.to_string(),
        format!("{v4}."),
        format!("{whole}"),
        format!("{whole:#x}"),
        format!("0{whole:o}"),
        format!("{a:#x}.{b:#X}.{c:#x}.{d:#x}").replace("0X", "0x"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("{a}.{low}"),
        format!("{a:#x}.{low:#x}"),
        format!("0{a:o}.{b}.{lower:#x}"),
        wide(v4.to_string()),
        packed.concat(),
        format!("[::ffff:{v4}]"),
        format!("[::ffff:{:x}:{:x}]", whole >> 16, lower),
        format!("[0:0:0:0:0:ffff:{v4}]"),
        format!("[64:ff9b::{v4}]"),
        format!("[64:ff9b::{:x}:{:x}]", whole >> 16, lower),
    ]
}

/// What becomes of a request to `host`, and what was dialled for it.
fn tried(host: &str) -> (Unanswered, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let net = Arc::new(Net::default());
    let door = net.door(Rules::default(), Caps::default());
    let answer = runtime.block_on(door.send(page(&format!("http://{host}/")))).unwrap_err();
    (answer, net.dialled())
}

/// What becomes of a name that resolves to `ip`.
fn tried_by_name(ip: IpAddr) -> (Unanswered, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let net = Arc::new(Net::default());
    net.name("some.example", &[&[&ip.to_string()]]);
    let door = net.door(Rules::default(), Caps::default());
    let answer = runtime.block_on(door.send(page("http://some.example/"))).unwrap_err();
    (answer, net.dialled())
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn no_denied_address_passes_however_it_is_written(at in 0_usize..33, bits in any::<u128>()) {
        let nets = denied();
        let ip = within(nets[at % nets.len()], bits);
        for host in forms(ip) {
            let (answer, dialled) = tried(&host);
            prop_assert_eq!(answer, Unanswered::Refused(Refusal::Place), "{}", host);
            prop_assert!(dialled.is_empty(), "{}", host);
        }
        prop_assert_eq!(tried_by_name(ip), (Unanswered::Refused(Refusal::Place), Vec::new()));
    }

    #[test]
    fn every_other_address_of_the_internet_is_dialled(v4 in any::<u32>(), v6 in any::<u128>()) {
        let v4 = IpAddr::from(Ipv4Addr::from(v4));
        let v6 = IpAddr::from(Ipv6Addr::from((v6 >> 3) | (1 << 125)));
        for ip in [v4, v6] {
            if denied().iter().any(|net| net.contains(&ip)) {
                continue;
            }
            for host in forms(ip) {
                let (answer, dialled) = tried(&host);
                prop_assert_eq!(answer, Unanswered::Failed(Trouble::Unreachable), "{}", host);
                prop_assert_eq!(dialled.len(), 1, "{}", host);
            }
            prop_assert_eq!(tried_by_name(ip).0, Unanswered::Failed(Trouble::Unreachable));
        }
    }

    #[test]
    fn all_that_is_not_given_out_of_ipv6_is_closed(bits in any::<u128>()) {
        let ip = Ipv6Addr::from(bits);
        let given_out = bits >> 125 == 1;
        let ipv4_inside = ip.to_ipv4_mapped().is_some() || bits >> 32 == 0x0064_ff9b << 64;
        prop_assume!(!given_out && !ipv4_inside);
        prop_assert!(!is_public(ip.into()), "{}", ip);
    }
}

#[test]
fn the_first_and_last_address_of_every_block_are_closed_and_their_neighbours_open() {
    for net in denied() {
        assert!(!is_public(net.network()) && !is_public(net.broadcast()), "{net}");
    }
    for open in [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.3.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "168.63.129.15",
        "2000::",
        "2001:200::",
        "2001:db7:ffff::",
        "2001:db9::",
        "2003::",
        "2001:ffff::",
        "3ffe:ffff::",
        "3fff:1000::",
        "2606:4700:4700::1111",
        "64:ff9b::8.8.8.8",
        "::ffff:8.8.8.8",
    ] {
        assert!(is_public(open.parse().unwrap()), "{open}");
    }
}
