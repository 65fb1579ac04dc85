//! Vectors of one library: a row of bytes a number, in memory while searched, in a file for ever.
//! Of a large library the halves that few rows are asked for stay in the file.

use shelf_ports::Fault;
use shelf_ports::search::{Embedding, search_fault};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes of one row.
const ROW: usize = Embedding::DIMENSIONS;
/// Dimensions looked at first: they are ordered by weight, and these hold most of it.
pub(super) const FRONT: usize = 128;
const BACK: usize = ROW - FRONT;
/// Up to this many rows both halves are in memory: 25 MB of the second ones.
const NEAR_MAX: usize = 200_000;

/// The rows, cut in two so that the first look touches half the memory.
#[derive(Debug, Default)]
pub(super) struct Vectors {
    front: Vec<[i8; FRONT]>,
    back: Back,
    /// One over the row's length; 0 where there is no vector.
    inverse: Vec<f32>,
}

/// The second halves. A search looks at those of a few hundred rows.
#[derive(Debug)]
enum Back {
    /// In memory.
    Near(Vec<[i8; BACK]>),
    /// In the file, and in memory what is not in it yet.
    Far(File, HashMap<usize, [i8; BACK]>),
}

impl Default for Back {
    fn default() -> Self {
        Self::Near(Vec::new())
    }
}

impl Back {
    fn reach(&mut self, rows: usize) {
        if let Self::Near(all) = self {
            all.resize(rows, [0; BACK]);
        }
    }

    fn set(&mut self, number: usize, half: [i8; BACK]) {
        match self {
            Self::Near(all) => all[number] = half,
            Self::Far(_, fresh) => drop(fresh.insert(number, half)),
        }
    }

    fn get(&self, number: usize) -> std::io::Result<[i8; BACK]> {
        match self {
            Self::Near(all) => Ok(all.get(number).copied().unwrap_or([0; BACK])),
            Self::Far(file, fresh) => match fresh.get(&number) {
                Some(half) => Ok(*half),
                None => read_half(file, number),
            },
        }
    }
}

/// The second half of a row of `file`; nothing, where it does not go so far.
fn read_half(file: &File, number: usize) -> std::io::Result<[i8; BACK]> {
    let mut bytes = [0_u8; BACK];
    match file.read_exact_at(&mut bytes, (number * ROW + FRONT) as u64) {
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => Err(error),
        Err(_) => Ok([0; BACK]),
        Ok(()) => Ok(bytes.map(u8::cast_signed)),
    }
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
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                vectors.reach(rows);
                return Ok(vectors);
            }
            Err(error) => return Err(search_fault(error)),
        };
        let is_far = rows > NEAR_MAX;
        if is_far {
            let again = file.try_clone().map_err(search_fault)?;
            vectors.back = Back::Far(again, HashMap::new());
        }
        vectors.reach(rows);
        let mut buffer = vec![0_u8; ROW * 1_024];
        let mut number = 0;
        loop {
            let got = fill(&mut file, &mut buffer).map_err(search_fault)?;
            for row in buffer[..got].chunks_exact(ROW).take(rows.saturating_sub(number)) {
                let mut bytes = [0_i8; ROW];
                for (to, from) in bytes.iter_mut().zip(row) {
                    *to = from.cast_signed();
                }
                let (front, back) = split(&bytes);
                vectors.front[number] = front;
                vectors.inverse[number] = inverse(&front, &back);
                if !is_far {
                    vectors.back.set(number, back);
                }
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
                let front = self.front.get(at).copied().unwrap_or([0; FRONT]);
                let back = self.back.get(at)?;
                run.extend(front.iter().chain(&back).map(|byte| byte.cast_unsigned()));
                next = number.checked_add(1);
            }
            file.write_all(&run)?;
            file.sync_data()
        };
        write().map_err(search_fault)
    }

    /// All of it is in the file at `path` now.
    pub(super) fn saved(&mut self, path: &Path) {
        match &mut self.back {
            Back::Far(_, fresh) => fresh.clear(),
            Back::Near(all) if all.len() > NEAR_MAX => {
                // What cannot be opened now is tried again after the next commit.
                if let Ok(file) = File::open(path) {
                    self.back = Back::Far(file, HashMap::new());
                }
            }
            Back::Near(_) => {}
        }
    }

    /// Room for `rows` rows; new ones are empty.
    pub(super) fn reach(&mut self, rows: usize) {
        if self.front.len() < rows {
            self.front.resize(rows, [0; FRONT]);
            self.back.reach(rows);
            self.inverse.resize(rows, 0.0);
        }
    }

    /// Puts or clears a row that is within reach.
    pub(super) fn set(&mut self, number: usize, bytes: Option<&[i8; ROW]>) {
        let (front, back) = split(bytes.unwrap_or(&[0; ROW]));
        self.inverse[number] = inverse(&front, &back);
        self.front[number] = front;
        self.back.set(number, back);
    }

    /// The cosine of every row as far as the first dimensions tell, into `all`.
    pub(super) fn glances(&self, look: &Look, all: &mut Vec<f32>) {
        all.resize(self.front.len(), 0.0);
        pulp::Arch::new().dispatch(Glances { vectors: self, look, all });
    }

    /// The cosine of every row, into `all`.
    pub(super) fn cosines(&self, look: &Look, all: &mut Vec<f32>) -> Result<(), Fault> {
        all.clear();
        for number in 0..self.front.len() {
            all.push(self.cosine(number, look)?);
        }
        Ok(())
    }

    /// The cosine, of which the first dimensions gave `glance`.
    pub(super) fn completed(&self, number: usize, look: &Look, glance: f32) -> Result<f32, Fault> {
        let back = self.back.get(number).map_err(search_fault)?;
        Ok(dot(&back, &look.back) as f32 * self.inverse[number] * look.inverse + glance)
    }

    /// The cosine.
    fn cosine(&self, number: usize, look: &Look) -> Result<f32, Fault> {
        let back = self.back.get(number).map_err(search_fault)?;
        let dot = dot(&self.front[number], &look.front) + dot(&back, &look.back);
        Ok(dot as f32 * self.inverse[number] * look.inverse)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of its own for each number.
    fn row(number: usize) -> [i8; ROW] {
        let bytes = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        std::array::from_fn(|at| bytes[at % 8].wrapping_add(bytes[at / 32]).cast_signed())
    }

    fn of(rows: usize) -> Vectors {
        let mut vectors = Vectors::default();
        vectors.reach(rows);
        for number in 0..rows {
            vectors.set(number, Some(&row(number)));
        }
        vectors
    }

    fn is_far(vectors: &Vectors) -> bool {
        matches!(vectors.back, Back::Far(..))
    }

    #[test]
    fn a_large_library_leaves_half_of_it_in_the_file_and_answers_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows");
        let rows = NEAR_MAX + 2;
        let mut near = of(rows);
        let numbers: Vec<u32> = (0..u32::try_from(rows).unwrap()).collect();
        near.save(&path, &numbers).unwrap();
        let mut far = Vectors::load(&path, rows).unwrap();
        assert!(is_far(&far) && !is_far(&near));

        let fresh = [3, rows - 1, rows];
        for vectors in [&mut near, &mut far] {
            vectors.reach(rows + 1);
            vectors.set(3, Some(&row(77)));
            vectors.set(rows - 1, None);
            vectors.set(rows, Some(&row(99)));
        }
        let look = Look { front: [1; FRONT], back: [-2; BACK], inverse: 0.01 };
        let all = |vectors: &Vectors| -> Vec<u32> {
            let asked = (0..rows).step_by(1_009).chain(fresh);
            asked.map(|number| vectors.completed(number, &look, 0.5).unwrap().to_bits()).collect()
        };
        assert_eq!(all(&far), all(&near), "from the file, and what is not in it yet");
        let touched = fresh.map(|number| u32::try_from(number).unwrap());
        far.save(&path, &touched).unwrap();
        far.saved(&path);
        assert_eq!(all(&far), all(&near), "and when it is");
        near.saved(&path);
        assert!(is_far(&near), "it goes into the file when it has grown");
        assert_eq!(all(&far), all(&near));
    }
}
