//! What people may do: their role in a tenant, their right to a library, and who may change which.

use serde::{Deserialize, Serialize};

macro_rules! named {
    ($kind:ty, $what:literal, [$($each:ident => $name:literal),+]) => {
        impl $kind {
            /// Every one, from the least to the most.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$each),+];

            /// The word for it in stores and answers.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$each => $name),+
                }
            }

            #[doc = concat!("The ", $what, " of that name.")]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|each| each.name() == name)
            }
        }
    };
}

/// What someone is in a tenant. It gives no right to the content of a library by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads what is shared with them, and changes nothing.
    Viewer,
    /// Makes libraries and works in those shared with them.
    Member,
    /// Also decides who belongs to the tenant, its groups, and who may use which library.
    Admin,
    /// Also decides who is an owner. There is always one.
    Owner,
}

named!(Role, "role", [Viewer => "viewer", Member => "member", Admin => "admin", Owner => "owner"]);

impl Role {
    /// Whether they may make libraries.
    pub fn makes_libraries(self) -> bool {
        self >= Self::Member
    }

    /// Whether they decide about members, groups and shares.
    pub fn governs(self) -> bool {
        self >= Self::Admin
    }

    /// Whether they may make somebody who is `from` (nothing: no member) into `to` (nothing: gone).
    /// Only owners touch owners.
    pub fn may_change(self, from: Option<Self>, to: Option<Self>) -> bool {
        let touches_owners = from == Some(Self::Owner) || to == Some(Self::Owner);
        self.governs() && (self == Self::Owner || !touches_owners)
    }
}

/// What someone may do in a library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Read, search and export it.
    Read,
    /// Also change what is in it.
    Write,
    /// Also rename it, and decide who may use it.
    Manage,
}

named!(Right, "right", [Read => "read", Write => "write", Manage => "manage"]);

impl Right {
    /// What is left of a right for someone who is `role` in the library's tenant.
    #[must_use]
    pub fn held_as(self, role: Role) -> Self {
        if role == Role::Viewer { Self::Read } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_below_an_admin_changes_anyone_and_only_owners_touch_owners() {
        let some = || [None].into_iter().chain(Role::ALL.map(Some));
        for actor in Role::ALL {
            for (from, to) in some().flat_map(|from| some().map(move |to| (from, to))) {
                let may = actor.may_change(from, to);
                let of_owners = [from, to].contains(&Some(Role::Owner));
                assert!(!may || actor >= Role::Admin, "{actor:?} {from:?} {to:?}");
                assert!(!may || !of_owners || actor == Role::Owner, "{actor:?} {from:?} {to:?}");
                assert!(may || actor != Role::Owner, "an owner may: {from:?} {to:?}");
            }
        }
    }

    #[test]
    fn a_viewer_only_reads_whatever_is_shared_with_them() {
        for right in Right::ALL {
            assert_eq!(right.held_as(Role::Viewer), Right::Read);
            assert_eq!(right.held_as(Role::Member), right);
        }
    }

    #[test]
    fn each_name_leads_back() {
        assert!(Role::ALL.into_iter().all(|role| Role::named(role.name()) == Some(role)));
        assert!(Right::ALL.into_iter().all(|right| Right::named(right.name()) == Some(right)));
        assert_eq!(Role::named("root"), None);
    }
}
