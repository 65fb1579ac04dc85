//! Hold an answer against the passkey it says it is of, with all limits.

use super::ceremony::{Ceremony, Purpose};
use super::judge::{Asked, Known, Names, claim, shown};
use super::relying_party::RelyingParty;
use super::{Brought, Unfit};
use crate::audit::record_own;
use crate::authenticate::Signed;
use crate::passwords::PasswordDoors;
use shelf_domain::audit::Deed;
use shelf_domain::refusal::Refused;
use shelf_ports::Failure;
use shelf_ports::passkeys::{Passkey, Use, Used};

/// The passkey that was used: anybody's where nobody is `signed` in, else one of theirs. Refused
/// `invalid` where it is not accepted.
pub(super) async fn prove(
    doors: &PasswordDoors,
    site: &RelyingParty,
    brought: Brought<'_>,
    signed: Option<&Signed>,
) -> Result<Passkey, Failure> {
    let (purpose, bound, names) = match signed {
        Some(signed) => (Purpose::Confirm, signed.grant.id.to_bytes(), Names::Known),
        None => (Purpose::SignIn, [0; 16], Names::Needed),
    };
    let ceremony = Ceremony::read(&doors.doors, brought.kept, (purpose, bound)).map_err(unfit)?;
    let challenge = ceremony.challenge(&doors.doors).await?;
    let claim = claim(brought.answer).map_err(unfit)?;
    let known = doors.passkeys.passkey_by(&claim.credential).await?;
    let is_theirs = |known: &Passkey| signed.is_none_or(|by| by.person.id == known.person);
    let known = known.filter(is_theirs).ok_or_else(|| unfit(UNKNOWN))?;
    let (key, handle, synced) = (&known.key[..], &known.handle[..], known.synced);
    let asked = Asked { site, challenge: &challenge };
    let shown = shown(&claim, &Known { key, handle, synced }, names, &asked).map_err(unfit)?;
    let answered = ceremony.answered(&doors.doors, challenge);
    let used = Use { id: known.id, answered, count: shown.count, backed_up: shown.backed_up };
    match doors.passkeys.use_passkey(&used).await? {
        Used::Fresh => Ok(known),
        Used::Again => Err(unfit(Unfit("it was used for this already; try again")).into()),
        Used::Unknown => Err(unfit(UNKNOWN).into()),
        Used::Copied => {
            if known.copied_at.is_none() {
                let deed = (Deed::PasskeyCopied, Some(known.id.to_bytes()));
                record_own(&doors.doors, known.person.into(), deed).await?;
            }
            Err(unfit(Unfit("somebody may have a copy of it; remove it and add another")).into())
        }
    }
}

const UNKNOWN: Unfit = Unfit("it is not known here");

fn unfit(unfit: Unfit) -> Refused {
    unfit.into()
}
