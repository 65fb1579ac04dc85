//! Plans: how much a tenant may ask for.

use shelf_domain::rate::Quota;

/// What one grant may ask for where people share a machine: a page of work at once, then twenty
/// reads a second.
const GRANT: Quota = Quota::new(1_200, 1_200);
/// All grants of one person together.
const PERSONAL: Quota = Quota::new(2_400, 2_400);
/// All grants of a team together.
const TEAM: Quota = Quota::new(12_000, 12_000);

/// How much a tenant may ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Plan {
    /// One's own machine: whoever is signed in asks as often as they like.
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

    /// The word for it in settings.
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

    /// What one grant may ask for, and all grants of the tenant together; `None` is any amount.
    pub fn quotas(self) -> Option<(Quota, Quota)> {
        match self {
            Self::Home => None,
            Self::Personal => Some((GRANT, PERSONAL)),
            Self::Team => Some((GRANT, TEAM)),
        }
    }
}
