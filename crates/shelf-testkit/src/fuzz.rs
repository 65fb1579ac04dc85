//! Throws bytes at parsers: what they read gladly, changed again and again by a seed that is told.
//!
//! Each crate that reads bytes of others lists its parsers as targets in `src/fuzzed.rs`. A target is
//! a function that must come back, soon, whatever it is given, and that asserts what holds of what
//! was read. `MINDSHELF_FUZZ_SECONDS` says for how long each is thrown at, with a seed from chance;
//! without it a fixed number of cases from one seed. What broke one is kept in `fuzz/corpus/{target}`
//! and thrown first from then on.

use crate::chance::SeededChance;
use shelf_ports::chance::Chance;
use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};

/// A parser: its name, a function over bytes, and what it reads gladly.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

/// Cases a target gets where no time is said.
const CASES: u64 = 1_500;
/// The seed of those.
const SEED: u64 = 1;
/// Bytes of a case at most.
const BYTES_MAX: usize = 32 << 10;
/// Changes that are made to a case at most.
const CHANGES_MAX: usize = 6;
/// How long one case may take at most, also on a machine that has other things to do.
const CASE_MAX: Duration = Duration::from_secs(10);
/// Tries to make what broke a target smaller.
const SMALLER_MAX: usize = 400;

/// What parsers stumble over.
const TOKENS: &[&[u8]] = &[
    b"",
    b"\0",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b" ",
    b"\t",
    b"\"",
    b"'",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"/",
    b"//",
    b"..",
    b"/../",
    b"%",
    b"%00",
    b"%2e",
    b"%ff",
    b"&",
    b"&#",
    b"&#x110000;",
    b"&amp;",
    b"=",
    b"==",
    b"?",
    b"#",
    b"@",
    b":",
    b"::",
    b"[",
    b"]",
    b"[[[[[[[[[[[[[[[[",
    b"{",
    b"}",
    b"{\"a\":",
    b"[]",
    b"{}",
    b"<",
    b">",
    b"</",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"<DL><p>",
    b"</DL>",
    b"-",
    b"--",
    b"-1",
    b"0",
    b"00",
    b"1",
    b"127",
    b"128",
    b"255",
    b"256",
    b"65535",
    b"65536",
    b"2147483648",
    b"4294967296",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"1e999",
    b"1e-999",
    b"NaN",
    b"null",
    b"true",
    b"\xff",
    b"\xfe\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"\xcc\x81",
    b"\xf0\x9f\x92\xa9",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b\x08",
    b"mozLz40\0",
    b"https://a.example/",
    b"javascript:",
    b"xn--",
    b"127.0.0.1",
    b"[::1]",
    b"0x7f.1",
    b"2024-02-30",
    b"9999-12-31T23:59:60Z",
    b"tag:",
    b"-tag:\"",
    b"query",
    b"...",
    b"fragment a on A{...a}",
    b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

/// Throws bytes at each of `targets`; stops at the first that breaks, with the smallest case that was
/// found for it.
pub fn throw(targets: &[Target]) {
    let time = asked("MINDSHELF_FUZZ_SECONDS").map(Duration::from_secs);
    let seed = asked("MINDSHELF_FUZZ_SEED").unwrap_or_else(|| match time {
        Some(_) => RandomState::new().build_hasher().finish(),
        None => SEED,
    });
    for (name, target, gladly) in targets {
        let kept = kept(name);
        let corpus: Vec<&[u8]> =
            gladly.iter().copied().chain(kept.iter().map(Vec::as_slice)).collect();
        for case in &corpus {
            holds(name, *target, case, seed);
        }
        let thrown = thrown(name, *target, &corpus, (seed, time));
        say(format!(
            "fuzz: {name}: {thrown} cases from {} in the corpus, seed {seed}",
            corpus.len()
        ));
    }
}

/// Throws at one target; how often.
fn thrown(name: &str, target: fn(&[u8]), corpus: &[&[u8]], until: (u64, Option<Duration>)) -> u64 {
    let ((seed, time), begun) = (until, now());
    let mut dice = Dice(SeededChance::new(seed), Vec::new());
    let mut count = 0;
    loop {
        let is_over = match time {
            Some(time) => begun.elapsed() >= time,
            None => count >= CASES,
        };
        if is_over {
            return count;
        }
        holds(name, target, &dice.case(corpus), seed);
        count += 1;
    }
}

/// Bytes as they are kept in the corpus.
fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|half| char::from_digit(half.into(), 16))
        .collect()
}

/// Sees to it that `target` comes back from `case`, soon.
fn holds(name: &str, target: fn(&[u8]), case: &[u8], seed: u64) {
    let begun = now();
    if catch_unwind(|| target(case)).is_err() {
        let least = smaller(target, case.to_vec());
        panic!(
            "{name} broke (seed {seed}) on {} bytes: {}\nkeep them in fuzz/corpus/{name}, as hex: {}",
            least.len(),
            least.escape_ascii(),
            hex(&least)
        );
    }
    let took = begun.elapsed();
    let start = &case[..case.len().min(400)];
    assert!(
        took < CASE_MAX,
        "{name} took {took:?} (seed {seed}) on {} bytes: {}…",
        case.len(),
        start.escape_ascii()
    );
}

/// The smallest case that was found to break `target` as `case` does: portions are left out for as
/// long as it still breaks.
fn smaller(target: fn(&[u8]), mut case: Vec<u8>) -> Vec<u8> {
    let (mut portion, mut left) = (case.len() / 2, SMALLER_MAX);
    while portion > 0 && left > 0 {
        let mut at = 0;
        while at < case.len() && left > 0 {
            let mut less = case.clone();
            less.drain(at..less.len().min(at + portion));
            left -= 1;
            if catch_unwind(|| target(&less)).is_err() { case = less } else { at += portion }
        }
        portion /= 2;
    }
    case
}

/// Chance in portions.
struct Dice(SeededChance, Vec<u8>);

impl Dice {
    fn byte(&mut self) -> u8 {
        if self.1.is_empty() {
            self.1.extend(self.0.secret());
        }
        self.1.pop().unwrap_or_default()
    }

    /// A number below `many`, which is not 0.
    fn below(&mut self, many: usize) -> usize {
        let drawn = (0..4).fold(0_usize, |all, _| (all << 8) | usize::from(self.byte()));
        drawn % many.max(1)
    }

    fn of<'a>(&mut self, all: &[&'a [u8]]) -> &'a [u8] {
        let at = self.below(all.len());
        all.get(at).copied().unwrap_or_default()
    }

    /// A part of `len` bytes: where it begins and ends. Short ones are likelier.
    fn part(&mut self, len: usize) -> (usize, usize) {
        let from = self.below(len + 1);
        let most = if self.byte() < 200 { 16 } else { len };
        (from, (from + 1 + self.below(most)).min(len))
    }

    fn case(&mut self, corpus: &[&[u8]]) -> Vec<u8> {
        let mut case = self.of(corpus).to_vec();
        for _ in 0..=self.below(CHANGES_MAX) {
            self.change(&mut case, corpus);
        }
        case.truncate(BYTES_MAX);
        case
    }

    fn change(&mut self, case: &mut Vec<u8>, corpus: &[&[u8]]) {
        let (from, to) = self.part(case.len());
        match self.below(10) {
            0 => {
                let bit = 1 << self.below(8);
                case.iter_mut().skip(from).take(1).for_each(|byte| *byte ^= bit);
            }
            1 => {
                let with = self.byte();
                case.iter_mut().skip(from).take(1).for_each(|byte| *byte = with);
            }
            2 => drop(case.drain(from..to)),
            3 => case.truncate(from),
            4 => {
                let part = case[from..to].to_vec();
                let times = 1 + self.below(if part.len() < 8 { 300 } else { 8 });
                drop(case.splice(to..to, part.repeat(times)));
            }
            5 => {
                let other = self.of(corpus);
                let (start, end) = self.part(other.len());
                drop(case.splice(from..to, other[start..end].iter().copied()));
            }
            6 => {
                let drawn: Vec<u8> = (0..=self.below(9)).map(|_| self.byte()).collect();
                drop(case.splice(from..to, drawn));
            }
            7 => {
                let with = *[0_u8, 0x7f, 0x80, 0xff].get(self.below(4)).unwrap_or(&0);
                case[from..to].fill(with);
            }
            8 => drop(case.splice(from..to, self.of(TOKENS).iter().copied())),
            _ => drop(case.splice(from..from, self.of(TOKENS).iter().copied())),
        }
    }
}

/// What broke the target `name` once.
fn kept(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

#[expect(clippy::disallowed_methods, reason = "a test binary has no settings but these")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[expect(clippy::disallowed_methods, reason = "how long a parser takes is what is tried")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "whoever runs it for long wants to know from which seed")]
fn say(line: String) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaks_on_quotes(bytes: &[u8]) {
        assert!(!bytes.contains(&b'"'), "a quote");
    }

    fn takes_all(bytes: &[u8]) {
        assert!(bytes.len() <= BYTES_MAX);
    }

    #[test]
    fn what_breaks_is_found_and_made_small() {
        let broke = catch_unwind(|| throw(&[("quotes", breaks_on_quotes, &[b"plain text"])]));
        let said = broke.unwrap_err().downcast::<String>().unwrap();
        assert!(said.contains("quotes broke (seed 1) on 1 bytes"), "{said}");
    }

    #[test]
    fn a_target_that_holds_passes_also_without_a_corpus() {
        throw(&[("all", takes_all, &[]), ("more", takes_all, &[b"", b"x"])]);
    }
}
