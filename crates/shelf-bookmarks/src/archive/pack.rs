//! Writes a ZIP archive piece by piece, never going back: sizes stand after each file.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// What was written and not yet given out.
#[derive(Clone, Debug, Default)]
struct Out(Arc<Mutex<Vec<u8>>>);

impl Out {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An archive that is being written. What it gives out is written one after the other.
pub(super) struct Pack {
    zip: ZipWriter<StreamWriter<Out>>,
    out: Out,
}

impl Default for Pack {
    fn default() -> Self {
        let out = Out::default();
        Self { zip: ZipWriter::new_stream(out.clone()), out }
    }
}

impl Pack {
    /// Begins the file `name`, and ends the one before. A file is smaller than 4 GiB.
    pub(super) fn begin(&mut self, name: &str) -> io::Result<Vec<u8>> {
        self.begin_as(name, CompressionMethod::Deflated)
    }

    /// The same for one that stands as it is: most files that people bring are packed already, and one
    /// that packs too well would be taken for a bomb.
    pub(super) fn begin_plain(&mut self, name: &str) -> io::Result<Vec<u8>> {
        self.begin_as(name, CompressionMethod::Stored)
    }

    fn begin_as(&mut self, name: &str, method: CompressionMethod) -> io::Result<Vec<u8>> {
        self.zip.start_file(name, SimpleFileOptions::default().compression_method(method))?;
        Ok(self.out.take())
    }

    /// Writes more of the file that was begun.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.zip.write_all(bytes)?;
        Ok(self.out.take())
    }

    /// Ends the last file; what stands at the end is the list of all.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        self.zip.finish()?;
        Ok(self.out.take())
    }
}
