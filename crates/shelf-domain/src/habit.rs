//! How somebody asks: like a person or program at work, or like one that takes everything there is
//! or tries everything there may be. What looks so costs more, step by step; it is never forbidden.
//!
//! Three numbers are kept of an asker: what was answered, how much of it was the next page of a
//! list, and how much was not there or not theirs. All three halve by the hour.

/// After how long what was counted counts half, milliseconds.
const HALF_MS: i64 = 3_600_000;
/// Next pages of lists that double the cost, where they are a good part of all that is asked. A
/// person who looks through fifty thousand bookmarks by hand does not come so far.
const PAGES: u32 = 250;
/// They are a good part from one in so many on.
const PAGES_SHARE: u32 = 3;
/// Answers "not there" that double the cost, where they are a good part of all that is asked.
const MISSES: u32 = 50;
/// They are a good part from one in so many on.
const MISSES_SHARE: u32 = 2;
/// How often the cost is doubled at most.
const DOUBLED_MAX: u32 = 5;

/// In which way something is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// As it comes.
    #[default]
    Plain,
    /// As the page after the one before.
    Onward,
}

/// How somebody asked of late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habit {
    halved_at: i64,
    asked: u32,
    onward: u32,
    missed: u32,
}

impl Habit {
    /// One more answer at the moment `now`, milliseconds: in which way it was asked for, and whether
    /// it was "not there" or "not yours".
    #[must_use]
    pub fn and(self, way: Way, missed: bool, now: i64) -> Self {
        let mut habit = self.at(now);
        habit.asked = habit.asked.saturating_add(1);
        habit.onward = habit.onward.saturating_add(u32::from(way == Way::Onward));
        habit.missed = habit.missed.saturating_add(u32::from(missed));
        habit
    }

    /// How many times as much something costs whoever asks so.
    pub fn factor(self, now: i64) -> u32 {
        let habit = self.at(now);
        let part = |of: u32, share: u32, step: u32| {
            if of.saturating_mul(share) >= habit.asked { of / step } else { 0 }
        };
        let onward = part(habit.onward, PAGES_SHARE, PAGES);
        let missed = part(habit.missed, MISSES_SHARE, MISSES);
        1 << onward.max(missed).min(DOUBLED_MAX)
    }

    /// How much was asked of late; who asked least is forgotten first.
    pub fn weight(self, now: i64) -> u32 {
        self.at(now).asked
    }

    /// The habit as of now.
    fn at(self, now: i64) -> Self {
        if self.asked == 0 {
            return Self { halved_at: now, ..self };
        }
        let times = now.saturating_sub(self.halved_at).max(0) / HALF_MS;
        let by = u32::try_from(times).unwrap_or(u32::MAX).min(31);
        Self {
            halved_at: self.halved_at.saturating_add(times.saturating_mul(HALF_MS)),
            asked: self.asked >> by,
            onward: self.onward >> by,
            missed: self.missed >> by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000;

    fn after(way: Way, missed: bool, times: u32) -> Habit {
        (0..times).fold(Habit::default(), |habit, _| habit.and(way, missed, NOW))
    }

    #[test]
    fn whoever_works_costs_what_it_costs_however_much_it_is() {
        assert_eq!(after(Way::Plain, false, 1_000_000).factor(NOW), 1);
        assert_eq!(after(Way::Onward, false, 249).factor(NOW), 1, "pages of a long list");
        assert_eq!(after(Way::Plain, true, 49).factor(NOW), 1, "some mistyped addresses");
        let reads = (0..4_000).fold(Habit::default(), |habit, number| {
            let way = if number % 4 == 0 { Way::Onward } else { Way::Plain };
            habit.and(way, number % 5 == 0, NOW)
        });
        assert_eq!(reads.factor(NOW), 1, "pages and misses among much else");
    }

    #[test]
    fn whoever_takes_all_or_tries_all_costs_more_step_by_step_up_to_a_bound() {
        let onward = |times| after(Way::Onward, false, times).factor(NOW);
        assert_eq!([250, 500, 750, 1_250, 90_000].map(onward), [2, 4, 8, 32, 32]);
        let missed = |times| after(Way::Plain, true, times).factor(NOW);
        assert_eq!([50, 100, 250, 90_000].map(missed), [2, 4, 32, 32]);
    }

    #[test]
    fn what_was_done_is_forgotten_by_halves() {
        let habit = after(Way::Onward, false, 1_000);
        let later = |hours: i64| habit.factor(NOW + hours * HALF_MS);
        assert_eq!([0, 1, 2, 3, 40].map(later), [16, 4, 2, 1, 1]);
        assert_eq!(habit.factor(NOW - HALF_MS), 16, "a clock that goes back changes nothing");
        assert_eq!(Habit::default().factor(NOW), 1);
    }
}
