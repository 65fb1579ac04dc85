//! How many downloads of everything, and how many files, one person has under way, by the interface and by
//! pages together.

use shelf_domain::id::PersonId;
use shelf_domain::refusal::{Code, Refused};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Most downloads of one person at a time in a process: each holds room that all people share for as
/// long as its reader takes.
pub const DOWNLOADS_MAX: usize = 2;
/// Most files of bookmarks that come in or go out for one person at a time in a process: whoever is slow
/// about theirs leaves room for others.
pub const FILES_MAX: usize = 6;

/// Downloads by person; nobody has an entry who has none.
type UnderWay = Arc<Mutex<HashMap<PersonId, usize>>>;

/// What is being downloaded in this process. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Downloads(UnderWay);

/// A download that is under way, until it is dropped.
#[derive(Debug)]
pub struct Download {
    all: UnderWay,
    person: PersonId,
}

impl Downloads {
    /// One more of `person`; refused `slow_down` where they have [`DOWNLOADS_MAX`].
    pub(crate) fn begin(&self, person: PersonId) -> Result<Download, Refused> {
        self.within(person, DOWNLOADS_MAX, "downloads")
    }

    /// The same of files of bookmarks, of which they have [`FILES_MAX`].
    pub(crate) fn begin_file(&self, person: PersonId) -> Result<Download, Refused> {
        self.within(person, FILES_MAX, "files")
    }

    fn within(&self, person: PersonId, most: usize, what: &str) -> Result<Download, Refused> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(person).or_default();
        if *count >= most {
            let detail =
                format!("you have {most} {what} under way: wait until one is there, or end one");
            return Err(Refused::new(Code::SlowDown, "", detail));
        }
        *count += 1;
        Ok(Download { all: Arc::clone(&self.0), person })
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let left = all.get(&self.person).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            all.remove(&self.person);
        } else {
            all.insert(self.person, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_two_downloads_and_leaves_room_for_others() {
        let (all, ada, bob) =
            (Downloads::default(), PersonId::from_bytes([1; 16]), PersonId::from_bytes([2; 16]));
        let held = [all.begin(ada).unwrap(), all.begin(ada).unwrap()];
        assert_eq!(all.begin(ada).unwrap_err().code, Code::SlowDown);
        let other = all.begin(bob).unwrap();
        drop(held);
        drop(all.begin(ada).unwrap());
        drop(other);
        assert!(all.0.lock().unwrap().is_empty(), "nobody is remembered who has none");
    }

    #[test]
    fn one_person_has_some_files_under_way_and_leaves_room_for_others() {
        let all = Downloads::default();
        let [ada, bob] = [1, 2].map(|byte| PersonId::from_bytes([byte; 16]));
        let mut held: Vec<Download> =
            (0..FILES_MAX).map(|_| all.begin_file(ada).unwrap()).collect();
        assert_eq!(all.begin_file(ada).unwrap_err().code, Code::SlowDown);
        drop(all.begin_file(bob).unwrap());
        held.pop();
        drop(all.begin_file(ada).unwrap());
    }
}
