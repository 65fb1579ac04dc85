//! Plans: how much a tenant may ask for, and how much it may keep.

use crate::rate::Quota;
use crate::refusal::{Code, Refused};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// What one grant may ask for where people share a machine: a page of work at once, then twenty
/// reads a second.
const GRANT: Quota = Quota::new(1_200, 1_200);
/// All grants of one person together.
const PERSONAL: Quota = Quota::new(2_400, 2_400);
/// All grants of a team together.
const TEAM: Quota = Quota::new(12_000, 12_000);

/// How much a tenant may ask for and keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// One's own machine: whoever is signed in asks as often as they like, and keeps as much.
    #[default]
    Home,
    /// A person among others on a machine that is not theirs.
    Personal,
    /// People who share a tenant.
    Team,
}

impl Plan {
    /// Every plan.
    pub const ALL: [Self; 3] = [Self::Home, Self::Personal, Self::Team];

    /// The word for it in settings, stores and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Personal => "personal",
            Self::Team => "team",
        }
    }

    /// The plan of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|plan| plan.name() == name)
    }

    /// What one grant may ask for within minutes, and all grants of the tenant together; `None` is
    /// any amount.
    pub fn quotas(self) -> Option<(Quota, Quota)> {
        match self {
            Self::Home => None,
            Self::Personal => Some((GRANT, PERSONAL)),
            Self::Team => Some((GRANT, TEAM)),
        }
    }

    /// How much of each stock there may be, where no setting says otherwise, in the order of
    /// [`Stock::ALL`].
    fn most(self) -> [Option<u64>; Stock::ALL.len()] {
        match self {
            // Nothing a person does comes near these: they keep a loop from filling the disk.
            Self::Home => [
                None,
                None,
                None,
                Some(10_000),
                Some(10_000),
                Some(10_000),
                Some(10_000),
                Some(64 << 30),
                Some(256 << 30),
            ],
            Self::Personal => [
                Some(200_000),
                Some(100_000),
                Some(100_000),
                Some(5),
                Some(50),
                Some(20),
                Some(100),
                Some(4 << 30),
                Some(8 << 30),
            ],
            Self::Team => [
                Some(2_000_000),
                Some(1_000_000),
                Some(500_000),
                Some(200),
                Some(1_000),
                Some(200),
                Some(200),
                Some(32 << 30),
                Some(128 << 30),
            ],
        }
    }
}

/// What a plan bounds over longer than minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stock {
    /// Units of cost of one day, UTC.
    Cost,
    /// Living bookmarks in all libraries of a tenant.
    Bookmarks,
    /// Living bookmarks of one library.
    BookmarksALibrary,
    /// Members of a tenant.
    Members,
    /// Libraries of a tenant.
    Libraries,
    /// Endpoints of webhooks in all libraries of a tenant.
    Webhooks,
    /// Tokens of one person.
    Tokens,
    /// Bytes of files that wait for their import, of all libraries of a tenant.
    WaitingBytes,
    /// Bytes of files that are kept with bookmarks, of all libraries of a tenant.
    CaptureBytes,
}

impl Stock {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Cost,
        Self::Bookmarks,
        Self::BookmarksALibrary,
        Self::Members,
        Self::Libraries,
        Self::Webhooks,
        Self::Tokens,
        Self::WaitingBytes,
        Self::CaptureBytes,
    ];

    /// The word for it in settings and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cost => "cost_a_day",
            Self::Bookmarks => "bookmarks",
            Self::BookmarksALibrary => "bookmarks_a_library",
            Self::Members => "members",
            Self::Libraries => "libraries",
            Self::Webhooks => "webhooks",
            Self::Tokens => "tokens",
            Self::WaitingBytes => "waiting_bytes",
            Self::CaptureBytes => "capture_bytes",
        }
    }

    /// The stock of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stock| stock.name() == name)
    }

    /// What there may be so many of, for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Cost => "units of work a day for all of its people",
            Self::Bookmarks => "bookmarks in all libraries of the tenant",
            Self::BookmarksALibrary => "bookmarks in one library",
            Self::Members => "members of the tenant",
            Self::Libraries => "libraries of the tenant",
            Self::Webhooks => "webhooks in all libraries of the tenant",
            Self::Tokens => "tokens of one person",
            Self::WaitingBytes => "bytes of files that wait for their import",
            Self::CaptureBytes => "bytes of files that are kept with bookmarks",
        }
    }
}

/// What each plan means on this installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plans {
    /// The plan of whoever was given none.
    pub default: Plan,
    most: [[Option<u64>; Stock::ALL.len()]; Plan::ALL.len()],
}

impl Default for Plans {
    fn default() -> Self {
        Self::of(Plan::default())
    }
}

impl Plans {
    /// The plans as they come, with `default` for whoever was given none.
    pub fn of(default: Plan) -> Self {
        Self { default, most: Plan::ALL.map(Plan::most) }
    }

    /// The same with what `rule` says, such as `personal.bookmarks=20000` or `home.tokens=any`.
    pub fn with(mut self, rule: &str) -> Result<Self, WrongRule> {
        let wrong = || WrongRule(rule.to_owned());
        let (left, most) = rule.split_once('=').ok_or_else(wrong)?;
        let (plan, stock) = left.trim().split_once('.').ok_or_else(wrong)?;
        let plan = Plan::named(plan.trim()).ok_or_else(wrong)?;
        let stock = Stock::named(stock.trim()).ok_or_else(wrong)?;
        let most = match most.trim() {
            "any" => None,
            number => Some(u64::from_str(number).map_err(|_| wrong())?),
        };
        let place = Plan::ALL.iter().position(|known| *known == plan);
        let row = place.and_then(|place| self.most.get_mut(place)).ok_or_else(wrong)?;
        let place = Stock::ALL.iter().position(|known| *known == stock);
        *place.and_then(|place| row.get_mut(place)).ok_or_else(wrong)? = most;
        Ok(self)
    }

    /// How much of `stock` there may be on `plan`; `None` is any amount.
    pub fn most(&self, plan: Plan, stock: Stock) -> Option<u64> {
        let row = Plan::ALL.iter().position(|known| *known == plan);
        let place = Stock::ALL.iter().position(|known| *known == stock);
        *self.most.get(row?)?.get(place?)?
    }
}

/// A rule that says nothing of any plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no rule such as personal.bookmarks=20000 or team.members=any; plans are {plans}, and \
     what they bound {stocks}",
    plans = Plan::ALL.map(Plan::name).join(", "),
    stocks = Stock::ALL.map(Stock::name).join(", ")
)]
pub struct WrongRule(String);

/// How much more of a stock there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Of what.
    pub stock: Stock,
    /// How much there may be.
    pub most: u64,
    /// How much more there may be.
    pub left: u64,
}

impl Room {
    /// What is left of `most` where there is `held`.
    pub fn of(stock: Stock, most: u64, held: u64) -> Self {
        Self { stock, most, left: most.saturating_sub(held) }
    }

    /// The room there is after one more; refused `quota` where there is none.
    pub fn take(self) -> Result<Self, Refused> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left, ..self }),
            None => Err(self.refused()),
        }
    }

    /// The refusal of whoever finds no room.
    pub fn refused(self) -> Refused {
        let Self { stock, most, .. } = self;
        let (name, what) = (stock.name(), stock.sentence());
        let detail = format!(
            "the plan has room for {most} {what} (quota {name:?}); remove some, or ask whoever runs \
             this server for more"
        );
        Refused::new(Code::Quota, name, detail)
    }
}

/// A day of the UTC calendar: days since 1970.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Day(pub i64);

impl Day {
    /// The day of the moment `ms`, milliseconds since 1970.
    pub fn of(ms: i64) -> Self {
        Self(ms.div_euclid(DAY_MS))
    }

    /// The day so many days before.
    #[must_use]
    pub fn before(self, days: i64) -> Self {
        Self(self.0.saturating_sub(days))
    }

    /// When it begins, milliseconds since 1970.
    pub fn begins_ms(self) -> i64 {
        self.0.saturating_mul(DAY_MS)
    }

    /// Milliseconds from `ms` until it is over; none where it is.
    pub fn left_ms(self, ms: i64) -> u64 {
        let end = Self(self.0.saturating_add(1)).begins_ms();
        u64::try_from(end.saturating_sub(ms)).unwrap_or(0)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_changes_one_number_of_one_plan() {
        let plans = Plans::of(Plan::Personal).with("personal.bookmarks = 20").unwrap();
        assert_eq!(plans.most(Plan::Personal, Stock::Bookmarks), Some(20));
        assert_eq!(plans.most(Plan::Team, Stock::Bookmarks), Some(1_000_000));
        assert_eq!(plans.most(Plan::Personal, Stock::Tokens), Some(100));
        let plans = plans.with("personal.bookmarks=any").unwrap();
        assert_eq!(plans.most(Plan::Personal, Stock::Bookmarks), None);
        for rule in ["", "personal", "personal.bookmarks", "gold.tokens=1", "home.gold=1"] {
            let wrong = Plans::default().with(rule).unwrap_err().to_string();
            assert!(wrong.contains("personal") && wrong.contains("cost_a_day"), "{wrong}");
        }
        for most in ["-1", "1.5", "many", "99999999999999999999"] {
            assert!(Plans::default().with(&format!("home.tokens={most}")).is_err(), "{most}");
        }
    }

    #[test]
    fn every_plan_and_every_stock_is_known_by_its_name() {
        for plan in Plan::ALL {
            assert_eq!(Plan::named(plan.name()), Some(plan));
            for stock in Stock::ALL {
                assert_eq!(Stock::named(stock.name()), Some(stock));
                let rule = format!("{plan}.{}=7", stock.name());
                assert_eq!(Plans::default().with(&rule).unwrap().most(plan, stock), Some(7));
            }
        }
    }

    #[test]
    fn one_s_own_machine_keeps_any_number_of_bookmarks() {
        let plans = Plans::default();
        for stock in [Stock::Cost, Stock::Bookmarks, Stock::BookmarksALibrary] {
            assert_eq!(plans.most(Plan::Home, stock), None);
        }
        assert!(plans.most(Plan::Home, Stock::Tokens).is_some(), "but there are bounds");
    }

    #[test]
    fn who_finds_no_room_is_told_which_quota_and_how_much() {
        let room = Room::of(Stock::Members, 2, 1).take().unwrap();
        let refused = room.take().unwrap_err();
        assert_eq!((refused.code, refused.at.as_str()), (Code::Quota, "members"));
        assert!(refused.detail.contains("room for 2 members"), "{}", refused.detail);
        assert_eq!(Room::of(Stock::Members, 2, 9).left, 0, "more than there may be is none");
    }

    #[test]
    fn a_day_ends_at_midnight() {
        let day = Day::of(86_400_000 * 3 + 5);
        assert_eq!((day, day.left_ms(86_400_000 * 3 + 5)), (Day(3), 86_400_000 - 5));
        assert_eq!((day.begins_ms(), day.left_ms(i64::MAX)), (86_400_000 * 3, 0));
        assert_eq!(Day::of(-1), Day(-1));
    }
}
