//! Which addresses are on the public internet, whatever form they are written in.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of IPv4 addresses.
const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

/// A block of IPv6 addresses, by its first four groups.
const fn v6(first: [u16; 4], bits: u8) -> Ipv6Net {
    let [a, b, c, d] = first;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), bits)
}

/// What of IPv4 is not on the public internet (IANA's registry of special purposes).
const CLOSED_V4: [Ipv4Net; 16] = [
    v4(0, 0, 0, 0, 8),        // this network
    v4(10, 0, 0, 0, 8),       // private
    v4(100, 64, 0, 0, 10),    // shared by a carrier's customers
    v4(127, 0, 0, 0, 8),      // this machine
    v4(169, 254, 0, 0, 16),   // this link, and metadata of clouds
    v4(172, 16, 0, 0, 12),    // private
    v4(192, 0, 0, 0, 24),     // protocol assignments
    v4(192, 0, 2, 0, 24),     // documentation
    v4(192, 88, 99, 0, 24),   // relays of 6to4
    v4(192, 168, 0, 0, 16),   // private
    v4(198, 18, 0, 0, 15),    // benchmarks
    v4(198, 51, 100, 0, 24),  // documentation
    v4(203, 0, 113, 0, 24),   // documentation
    v4(224, 0, 0, 0, 4),      // multicast
    v4(240, 0, 0, 0, 4),      // reserved, and broadcast
    v4(168, 63, 129, 16, 32), // the wire server of Azure, although the block is public
];

/// All that is given out of IPv6. What lies outside is closed without a list of its own: `::`,
/// `::1`, v4-compatible addresses, `64:ff9b:1::/48`, `100::/64`, `5f00::/16`, `fc00::/7`,
/// `fe80::/10`, `fec0::/10`, `ff00::/8` and whatever will be invented there.
const GIVEN_OUT_V6: Ipv6Net = v6([0x2000, 0, 0, 0], 3);

/// What of it is closed all the same. Tunnels (6to4 and Teredo) hold an IPv4 address; since nobody
/// runs the relays any more, they are closed whatever it is.
const CLOSED_V6: [Ipv6Net; 4] = [
    v6([0x2001, 0, 0, 0], 23),      // protocol assignments, Teredo among them
    v6([0x2001, 0x0db8, 0, 0], 32), // documentation
    v6([0x2002, 0, 0, 0], 16),      // 6to4
    v6([0x3fff, 0, 0, 0], 20),      // documentation
];

/// Where networks without IPv4 reach it: the address it means is in the last four bytes.
const NAT64: Ipv6Net = v6([0x0064, 0xff9b, 0, 0], 96);

/// Services of clouds that hand out credentials. Nobody may be led there, whatever is allowed.
const METADATA: [IpAddr; 9] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), // nearly every cloud
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),   // containers at Amazon
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),  // pods at Amazon
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),   // Azure
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)), // Alibaba
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),     // Oracle
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)), // Amazon
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0023)), // pods at Amazon
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254)), // Google
];

/// The address that `ip` leads to: IPv4 inside IPv6 is taken out.
pub(crate) fn meant(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) if NAT64.contains(&v6) => {
            let [.., a, b, c, d] = v6.octets();
            Ipv4Addr::new(a, b, c, d).into()
        }
        IpAddr::V6(_) | IpAddr::V4(_) => ip.to_canonical(),
    }
}

/// Whether `ip` leads to the public internet.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match meant(ip) {
        IpAddr::V4(v4) => !CLOSED_V4.iter().any(|closed| closed.contains(&v4)),
        IpAddr::V6(v6) => {
            GIVEN_OUT_V6.contains(&v6) && !CLOSED_V6.iter().any(|closed| closed.contains(&v6))
        }
    }
}

/// Whether `ip` leads to what a cloud tells its machines alone.
pub(crate) fn is_metadata(ip: IpAddr) -> bool {
    METADATA.contains(&meant(ip))
}

/// Whether `net` holds the address that `ip` leads to.
pub(crate) fn holds(net: &IpNet, ip: IpAddr) -> bool {
    net.contains(&meant(ip))
}
