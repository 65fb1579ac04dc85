//! Reads CBOR (RFC 8949) as authenticators write it (CTAP2 canonical form, §8): no indefinite lengths,
//! no tags. Bounded in depth and number, and borrows from what it reads.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

/// How deep items may stand in each other.
const DEPTH_MAX: usize = 8;
/// Most items that are read.
const ITEMS_MAX: usize = 512;

/// One item.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item<'a> {
    /// A whole number.
    Int(i64),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Text.
    Text(&'a str),
    /// Items in a row.
    List(Vec<Item<'a>>),
    /// Items by others.
    Map(Vec<(Item<'a>, Item<'a>)>),
    /// True, false, null, and numbers with a point: nothing here asks for them.
    Simple,
}

impl<'a> Item<'a> {
    /// The item under `key` of a map; nothing where it is there twice.
    pub(super) fn under(&self, key: &Item<'_>) -> Option<&Item<'a>> {
        let Self::Map(pairs) = self else { return None };
        let mut found = pairs.iter().filter(|(known, _)| known == key).map(|(_, item)| item);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The bytes it is.
    pub(super) fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(*bytes) } else { None }
    }
}

/// The first item of `bytes`, and what stands after it.
pub(super) fn read(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let mut reader = Reader { rest: bytes, left: ITEMS_MAX };
    let item = reader.item(DEPTH_MAX)?;
    Some((item, reader.rest))
}

struct Reader<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, many: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(many)?;
        self.rest = rest;
        Some(taken)
    }

    /// The major type, and the number beside it (§3).
    fn head(&mut self) -> Option<(u8, u64)> {
        let first = *self.take(1)?.first()?;
        let (major, short) = (first >> 5, first & 0x1f);
        let width = match short {
            0..=23 => return Some((major, u64::from(short))),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return None,
        };
        let number = self.take(width)?.iter().fold(0, |n, byte| (n << 8) | u64::from(*byte));
        Some((major, number))
    }

    fn item(&mut self, depth: usize) -> Option<Item<'a>> {
        self.left = self.left.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        let (major, number) = self.head()?;
        let length = usize::try_from(number);
        Some(match major {
            0 => Item::Int(i64::try_from(number).ok()?),
            1 => Item::Int(-1 - i64::try_from(number).ok()?),
            2 => Item::Bytes(self.take(length.ok()?)?),
            3 => Item::Text(std::str::from_utf8(self.take(length.ok()?)?).ok()?),
            4 => {
                let mut list = Vec::new();
                for _ in 0..number {
                    list.push(self.item(depth)?);
                }
                Item::List(list)
            }
            5 => {
                let mut pairs = Vec::new();
                for _ in 0..number {
                    pairs.push((self.item(depth)?, self.item(depth)?));
                }
                Item::Map(pairs)
            }
            7 => Item::Simple,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(hex: &str) -> Option<Item<'static>> {
        let digit = |byte: u8| char::from(byte).to_digit(16).unwrap();
        let byte = |pair: &[u8]| u8::try_from(digit(pair[0]) * 16 + digit(pair[1])).unwrap();
        let bytes: &'static [u8] = Vec::leak(hex.as_bytes().chunks(2).map(byte).collect());
        read(bytes).filter(|(_, rest)| rest.is_empty()).map(|(item, _)| item)
    }

    #[test]
    fn the_examples_of_rfc_8949_are_read() {
        for (hex, number) in [
            ("00", 0),
            ("17", 23),
            ("1818", 24),
            ("1903e8", 1_000),
            ("1a000f4240", 1_000_000),
            ("1b000000e8d4a51000", 1_000_000_000_000),
            ("20", -1),
            ("3863", -100),
            ("3903e7", -1_000),
        ] {
            assert_eq!(whole(hex), Some(Item::Int(number)), "{hex}");
        }
        assert_eq!(whole("4401020304"), Some(Item::Bytes(&[1, 2, 3, 4])));
        assert_eq!(whole("6449455446"), Some(Item::Text("IETF")));
        assert_eq!(whole("62c3bc"), Some(Item::Text("\u{fc}")));
        assert_eq!(whole("80"), Some(Item::List(Vec::new())));
        let nested = whole("a26161016162820203").unwrap();
        assert_eq!(nested.under(&Item::Text("a")), Some(&Item::Int(1)));
        let list = Item::List(vec![Item::Int(2), Item::Int(3)]);
        assert_eq!(nested.under(&Item::Text("b")), Some(&list));
        assert_eq!(nested.under(&Item::Text("c")), None);
        for simple in ["f4", "f5", "f6", "f93c00", "fb3ff199999999999a"] {
            assert_eq!(whole(simple), Some(Item::Simple), "{simple}");
        }
    }

    #[test]
    fn what_is_cut_off_endless_tagged_or_twice_is_not_read() {
        for hex in [
            "",
            "18",
            "19ff",
            "1bffffffffffffffff",
            "3bffffffffffffffff",
            "42ff",
            "61ff",
            "5fff",
            "9f01ff",
            "bfff",
            "c001",
            "1c",
            "9bffffffffffffffff",
            "bbffffffffffffffff",
            "a101",
        ] {
            assert_eq!(whole(hex), None, "{hex}");
        }
        let twice = whole("a201010102").unwrap();
        assert_eq!(twice.under(&Item::Int(1)), None);
        assert_eq!(whole(&"81".repeat(100_000)), None, "too deep");
        assert!(whole(&format!("{}00", "81".repeat(DEPTH_MAX - 1))).is_some());
        let many = format!("99{:04x}{}", ITEMS_MAX, "00".repeat(ITEMS_MAX));
        assert_eq!(whole(&many), None, "too many");
    }
}
