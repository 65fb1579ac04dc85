//! Vectors of one library: a row of bytes a number, in memory while searched, in a file for ever.

use shelf_ports::Fault;
use shelf_ports::search::{Embedding, search_fault};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes of one row.
const ROW: usize = Embedding::DIMENSIONS;
/// Dimensions looked at first: they are ordered by weight, and these hold most of it.
pub(super) const FRONT: usize = 128;
const BACK: usize = ROW - FRONT;

/// The rows, cut in two so that the first look touches half the memory.
#[derive(Debug, Default)]
pub(super) struct Vectors {
    front: Vec<[i8; FRONT]>,
    back: Vec<[i8; BACK]>,
    /// One over the row's length; 0 where there is no vector.
    inverse: Vec<f32>,
}

/// A query's vector, widened once.
#[derive(Debug)]
pub(super) struct Look {
    front: [i16; FRONT],
    back: [i16; BACK],
    inverse: f32,
}

impl Look {
    pub(super) fn new(vector: &Embedding) -> Self {
        let (front, back) = split(vector.bytes());
        Self {
            front: front.map(i16::from),
            back: back.map(i16::from),
            inverse: inverse(&front, &back),
        }
    }
}

impl Vectors {
    /// Reads the file at `path`; a missing one has no rows.
    pub(super) fn load(path: &Path, rows: usize) -> Result<Self, Fault> {
        let mut vectors = Self::default();
        vectors.reach(rows);
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vectors),
            Err(error) => return Err(search_fault(error)),
        };
        let mut buffer = vec![0_u8; ROW * 1_024];
        let mut number = 0;
        loop {
            let got = fill(&mut file, &mut buffer).map_err(search_fault)?;
            for row in buffer[..got].chunks_exact(ROW).take(rows.saturating_sub(number)) {
                let mut bytes = [0_i8; ROW];
                for (to, from) in bytes.iter_mut().zip(row) {
                    *to = from.cast_signed();
                }
                vectors.set(number, Some(&bytes));
                number += 1;
            }
            if got < buffer.len() || number >= rows {
                return Ok(vectors);
            }
        }
    }

    /// Writes the rows of the rising `numbers` to the file at `path` and waits until they are safe.
    pub(super) fn save(&self, path: &Path, numbers: &[u32]) -> Result<(), Fault> {
        let write = || -> std::io::Result<()> {
            let mut file =
                OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
            let mut run: Vec<u8> = Vec::new();
            let mut next = None;
            for &number in numbers {
                if next != Some(number) {
                    file.write_all(&run)?;
                    run.clear();
                    file.seek(SeekFrom::Start(u64::from(number) * ROW as u64))?;
                }
                let at = number as usize;
                let halves = self.front.get(at).zip(self.back.get(at));
                let (front, back) = halves.map_or(([0; FRONT], [0; BACK]), |(f, b)| (*f, *b));
                run.extend(front.iter().chain(&back).map(|byte| byte.cast_unsigned()));
                next = number.checked_add(1);
            }
            file.write_all(&run)?;
            file.sync_data()
        };
        write().map_err(search_fault)
    }

    /// Room for `rows` rows; new ones are empty.
    pub(super) fn reach(&mut self, rows: usize) {
        if self.front.len() < rows {
            self.front.resize(rows, [0; FRONT]);
            self.back.resize(rows, [0; BACK]);
            self.inverse.resize(rows, 0.0);
        }
    }

    /// Puts or clears a row that is within reach.
    pub(super) fn set(&mut self, number: usize, bytes: Option<&[i8; ROW]>) {
        let (front, back) = split(bytes.unwrap_or(&[0; ROW]));
        self.inverse[number] = inverse(&front, &back);
        self.front[number] = front;
        self.back[number] = back;
    }

    /// The cosine of every row as far as the first dimensions tell.
    pub(super) fn glances(&self, look: &Look) -> Vec<f32> {
        let mut all = vec![0.0; self.front.len()];
        pulp::Arch::new().dispatch(Glances { vectors: self, look, all: &mut all });
        all
    }

    /// The cosine of every row.
    pub(super) fn cosines(&self, look: &Look) -> Vec<f32> {
        (0..self.front.len()).map(|number| self.cosine(number, look)).collect()
    }

    /// The cosine, of which the first dimensions gave `glance`.
    pub(super) fn completed(&self, number: usize, look: &Look, glance: f32) -> f32 {
        let rest = dot(&self.back[number], &look.back);
        rest as f32 * self.inverse[number] * look.inverse + glance
    }

    /// The cosine.
    pub(super) fn cosine(&self, number: usize, look: &Look) -> f32 {
        let dot = dot(&self.front[number], &look.front) + dot(&self.back[number], &look.back);
        dot as f32 * self.inverse[number] * look.inverse
    }
}

/// One pass over the first dimensions, compiled for each set of instructions a processor may have.
struct Glances<'a> {
    vectors: &'a Vectors,
    look: &'a Look,
    all: &'a mut [f32],
}

impl pulp::WithSimd for Glances<'_> {
    type Output = ();

    #[expect(
        clippy::inline_always,
        reason = "only what is inlined is compiled for those instructions"
    )]
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let rows = self.vectors.front.iter().zip(&self.vectors.inverse);
        for (glance, (row, inverse)) in self.all.iter_mut().zip(rows) {
            *glance = dot(row, &self.look.front) as f32 * inverse * self.look.inverse;
        }
    }
}

/// Written so that the compiler turns it into multiply-and-add of packed words: a check for
/// overflow would keep it from that, and 256 products of bytes cannot overflow.
#[expect(clippy::inline_always, reason = "it is compiled for the instructions of its caller")]
#[inline(always)]
fn dot<const N: usize>(row: &[i8; N], look: &[i16; N]) -> i32 {
    let products =
        row.iter().zip(look).map(|(a, b)| i32::from(i16::from(*a)).wrapping_mul(i32::from(*b)));
    products.fold(0, i32::wrapping_add)
}

fn split(bytes: &[i8; ROW]) -> ([i8; FRONT], [i8; BACK]) {
    let (mut front, mut back) = ([0; FRONT], [0; BACK]);
    front.copy_from_slice(&bytes[..FRONT]);
    back.copy_from_slice(&bytes[FRONT..]);
    (front, back)
}

fn inverse(front: &[i8; FRONT], back: &[i8; BACK]) -> f32 {
    let square: i32 =
        front.iter().chain(back).map(|part| i32::from(*part) * i32::from(*part)).sum();
    if square > 0 { (square as f32).sqrt().recip() } else { 0.0 }
}

fn fill(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match file.read(&mut buffer[got..])? {
            0 => break,
            more => got += more,
        }
    }
    Ok(got)
}
