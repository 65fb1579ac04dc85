//! What a law answers: what is broken, and what is merely worth knowing.

use std::fmt;

/// The answer of one law. Anything in `broken` fails the run; `notes` only inform.
#[derive(Debug, Default)]
pub struct Verdict {
    /// One line for each violation: where it is, what is wrong, what to do.
    pub broken: Vec<String>,
    /// One line for each thing worth knowing.
    pub notes: Vec<String>,
}

impl Verdict {
    /// Records a violation.
    pub fn fail(&mut self, line: impl Into<String>) {
        self.broken.push(line.into());
    }

    /// Records something worth knowing.
    pub fn note(&mut self, line: impl Into<String>) {
        self.notes.push(line.into());
    }

    /// Records a violation unless `holds`; the sentence is only built when it is needed.
    pub fn require(&mut self, holds: bool, line: impl FnOnce() -> String) {
        if !holds {
            self.broken.push(line());
        }
    }

    /// True when nothing is broken.
    pub fn holds(&self) -> bool {
        self.broken.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.broken {
            writeln!(f, "  broken: {line}")?;
        }
        for line in &self.notes {
            writeln!(f, "  note: {line}")?;
        }
        Ok(())
    }
}
