//! Why somebody does not come in by an identity provider.

use shelf_ports::{Failure, Fault};
use std::fmt;

/// Why a sign-in goes no further. Neither a provider's own words nor an address is among it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TurnedAway {
    /// No tenant proved the domain of this address, or the one that did has no provider.
    NoProvider,
    /// What this server proves itself by to the provider was lost.
    NoSecret,
    /// The provider does not answer, or not as a provider does.
    Unreachable,
    /// What the provider says of itself is not what was connected.
    OtherProvider,
    /// The sign-in is not one this browser began, was used before, or has ended.
    Stale,
    /// The provider was changed meanwhile.
    Changed,
    /// The provider said no, or the person did there.
    Declined,
    /// The provider does not take the code.
    NoToken,
    /// What proves the sign-in is malformed.
    Malformed,
    /// It is signed in a way that is not taken.
    Algorithm,
    /// It is signed with a key the provider does not name.
    UnknownKey,
    /// Its signature does not hold.
    Signature,
    /// It is of another provider.
    Issuer,
    /// It is for somebody else.
    Audience,
    /// It has ended.
    Expired,
    /// It is from the future, or too old.
    Moment,
    /// It is of another sign-in.
    Nonce,
    /// The provider did not verify the mail address.
    UnverifiedMail,
    /// The mail address is of a domain the tenant did not prove.
    OtherDomain,
    /// A member signs in with this address already, and did not say that they are the same.
    HasAccount,
    /// The provider knows this member, or the member this provider, as somebody else.
    OtherAccount,
    /// They are no member any more.
    NotMember,
}

impl TurnedAway {
    /// Every one, and the word for it in audit logs.
    pub const ALL: [(Self, &'static str); 22] = [
        (Self::NoProvider, "no_provider"),
        (Self::NoSecret, "no_secret"),
        (Self::Unreachable, "unreachable"),
        (Self::OtherProvider, "other_provider"),
        (Self::Stale, "stale"),
        (Self::Changed, "changed"),
        (Self::Declined, "declined"),
        (Self::NoToken, "no_token"),
        (Self::Malformed, "malformed"),
        (Self::Algorithm, "algorithm"),
        (Self::UnknownKey, "unknown_key"),
        (Self::Signature, "signature"),
        (Self::Issuer, "issuer"),
        (Self::Audience, "audience"),
        (Self::Expired, "expired"),
        (Self::Moment, "moment"),
        (Self::Nonce, "nonce"),
        (Self::UnverifiedMail, "unverified_mail"),
        (Self::OtherDomain, "other_domain"),
        (Self::HasAccount, "has_account"),
        (Self::OtherAccount, "other_account"),
        (Self::NotMember, "not_member"),
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(one, _)| *one == self).map_or("", |(_, name)| name)
    }

    /// What happened and what can be done, for the person who stands there.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoProvider => {
                "No organisation signs in here with addresses of this domain. Check the address, or \
                 sign in with your name and password."
            }
            Self::NoSecret => {
                "This server lost what it proves itself by to your organisation's sign-in. An owner or \
                 admin of your team has to give it the client secret again."
            }
            Self::Unreachable => {
                "Your organisation's sign-in does not answer. Try again in a moment; if it stays so, \
                 tell whoever runs it."
            }
            Self::OtherProvider => {
                "Your organisation's sign-in calls itself something else than what was connected. An \
                 admin has to connect it anew."
            }
            Self::Stale => {
                "This sign-in was not begun in this browser, was used before, or took longer than \
                 ten minutes. Begin again."
            }
            Self::Changed => "Your organisation's sign-in was changed meanwhile. Begin again.",
            Self::Declined => "Your organisation's sign-in did not let you through. Ask there why.",
            Self::NoToken
            | Self::Malformed
            | Self::Algorithm
            | Self::UnknownKey
            | Self::Signature
            | Self::Issuer
            | Self::Audience
            | Self::Expired
            | Self::Moment
            | Self::Nonce => {
                "What your organisation's sign-in answered could not be trusted, so nothing was \
                 opened. Begin again; if it stays so, show the word below to an admin."
            }
            Self::UnverifiedMail => {
                "Your organisation did not verify your mail address. Verify it there, then begin \
                 again."
            }
            Self::OtherDomain => {
                "Your mail address is of a domain your organisation has not proven to be its own. An \
                 admin can add the domain."
            }
            Self::HasAccount => {
                "You have an account here with this address. Sign in with its password, open your \
                 team, and press \u{201c}Connect my account\u{201d}."
            }
            Self::OtherAccount => {
                "This account here and the one of your organisation belong to different people as \
                 far as we know. Ask an admin."
            }
            Self::NotMember => {
                "You do not belong to this organisation here any more. Ask one of its admins."
            }
        }
    }
}

impl fmt::Display for TurnedAway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why nobody came in.
#[derive(Debug)]
pub enum SsoFailure {
    /// They were turned away.
    TurnedAway(TurnedAway),
    /// A use case refused, or an engine failed.
    Other(Failure),
}

impl From<TurnedAway> for SsoFailure {
    fn from(why: TurnedAway) -> Self {
        Self::TurnedAway(why)
    }
}

impl From<Fault> for SsoFailure {
    fn from(fault: Fault) -> Self {
        Self::Other(fault.into())
    }
}

impl From<Failure> for SsoFailure {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_reason_has_a_word_of_its_own_and_a_sentence_that_says_what_to_do() {
        let names: BTreeSet<&str> = TurnedAway::ALL.iter().map(|(why, _)| why.name()).collect();
        assert_eq!(names.len(), TurnedAway::ALL.len());
        for (why, name) in TurnedAway::ALL {
            assert_eq!(why.name(), name);
            assert!(why.sentence().matches('.').count() >= 2, "{name}");
        }
    }
}
