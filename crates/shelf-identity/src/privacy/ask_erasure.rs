//! Ask to be erased, see that one waits for it, and take it back.

use super::recipients::{Recipient, recipients, teams};
use super::{PrivacyDoors, in_person};
use crate::audit::record_own;
use crate::authenticate::Signed;
use crate::passwords::Typed;
use crate::passwords::by_them::by_them;
use shelf_domain::audit::Deed;
use shelf_domain::id::{PersonId, ReceiptId};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Role;
use shelf_ports::privacy::{Erasure, Receipt};
use shelf_ports::{Failure, Fault};

/// For how long an erasure can be taken back, milliseconds: seven days.
pub const UNDO_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// An erasure that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When it will be done, and under which id its receipt will be found.
    pub erasure: Erasure,
    /// Who was given something before; what they have, they are to be asked for.
    pub recipients: Vec<Recipient>,
}

/// Asks to erase whoever is signed in, with all that is theirs, after seven days; who asked before
/// is told of that.
///
/// Refused `forbidden` for keys of programs, and at `password` where they do not prove that it is
/// them ([`by_them`]); `invalid` for the only owner of a team.
#[tracing::instrument(skip_all)]
pub async fn ask_erasure(
    doors: &PrivacyDoors,
    signed: &Signed,
    password: &Typed,
) -> Result<Asked, Failure> {
    in_person(signed)?;
    let person = signed.person.id;
    prove(doors, signed, password).await?;
    if let Some(erasure) = doors.privacy.erasure(person).await? {
        return Ok(Asked { erasure, recipients: recipients(doors, person).await? });
    }
    if let Some(team) = left_alone(doors, person).await? {
        let detail = format!(
            "you are the only owner of \"{team}\": make somebody else an owner there, or take \
             everyone out, and ask again"
        );
        return Err(Refused::invalid("", detail).into());
    }
    let asked_at = doors.doors().clock.now_ms();
    let erasure = Erasure {
        person,
        // Who knows it may read it: it is drawn from chance alone.
        receipt: ReceiptId::from_bytes(doors.doors().chance.seed()),
        asked_at,
        due_at: asked_at.saturating_add(UNDO_MS),
        begun_at: None,
        plan: String::new(),
    };
    record_own(doors.doors(), signed.into(), (Deed::ErasureAsked, None)).await?;
    doors.privacy.put_erasure(&erasure).await?;
    // Who asked at the same time waits for that one.
    let erasure = doors.privacy.erasure(person).await?.unwrap_or(erasure);
    Ok(Asked { erasure, recipients: recipients(doors, person).await? })
}

/// Has whoever is signed in prove that it is them.
async fn prove(doors: &PrivacyDoors, signed: &Signed, typed: &Typed) -> Result<(), Failure> {
    by_them(&doors.passwords, signed, typed).await.map_err(|failure| match failure {
        Failure::Refused(refused) => Refused::new(refused.code, "password", refused.detail).into(),
        fault @ Failure::Fault(_) => fault,
    })
}

/// The name of a team that would have no owner without `person`.
async fn left_alone(doors: &PrivacyDoors, person: PersonId) -> Result<Option<String>, Fault> {
    for team in teams(doors, person).await? {
        let members = doors.doors().tenants.members(team.id).await?;
        let mut owners = members.iter().filter(|member| member.role == Role::Owner);
        if owners.next().is_some_and(|owner| owner.person == person) && owners.next().is_none() {
            return Ok(Some(team.name));
        }
    }
    Ok(None)
}

/// The erasure `person` waits for.
pub async fn erasure_of(doors: &PrivacyDoors, person: PersonId) -> Result<Option<Erasure>, Fault> {
    doors.privacy.erasure(person).await
}

/// Takes the erasure back that whoever is signed in waits for. Refused `not_found` where there is
/// none any more, and `forbidden` for keys of programs.
#[tracing::instrument(skip_all)]
pub async fn take_back_erasure(doors: &PrivacyDoors, signed: &Signed) -> Result<(), Failure> {
    in_person(signed)?;
    if doors.privacy.erasure(signed.person.id).await?.is_none() {
        return Err(Refused::not_found("erasure that waits").into());
    }
    record_own(doors.doors(), signed.into(), (Deed::ErasureTakenBack, None)).await?;
    if doors.privacy.take_back_erasure(signed.person.id).await? {
        return Ok(());
    }
    Err(Refused::new(Code::NotFound, "", "it has begun, and cannot be taken back").into())
}

/// The receipt `id`, for whoever knows it. Refused `not_found` where there is none, not yet, or not
/// any more.
#[tracing::instrument(skip_all)]
pub async fn receipt(doors: &PrivacyDoors, id: ReceiptId) -> Result<Receipt, Failure> {
    let found = doors.privacy.receipt(id, doors.doors().clock.now_ms()).await?;
    found.ok_or_else(|| Refused::not_found("receipt; it is kept for 30 days").into())
}
