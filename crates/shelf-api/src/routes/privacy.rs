//! Privacy: what is done with what is the caller's, and having all of it erased.

use super::everything;
use crate::Api;
use crate::body::{Ask, Once};
use crate::caller::{Me, ReceiptPath};
use crate::moment::Moment;
use crate::page::Paged;
use crate::problem::Problem;
use crate::wire::{Answer, done, json};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shelf_domain::id::PersonId;
use shelf_domain::privacy::{Choices, Purpose};
use shelf_identity::Typed;
use shelf_identity::privacy::ask_erasure::{
    Asked, ask_erasure, erasure_of, receipt, take_back_erasure,
};
use shelf_identity::privacy::choose::{Decided, consent, decided, object, restrict};
use shelf_identity::privacy::notice::{KEPT, NOTICE, VERSION};
use shelf_identity::privacy::recipients::{Recipient, recipients};
use shelf_identity::privacy::record::Processing;
use shelf_identity::privacy::signing::signing_key;
use shelf_ports::privacy::{Consent, Erasure};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(stands))
        .routes(routes!(told))
        .routes(routes!(key))
        .merge(everything::routes())
        .routes(routes!(ask, take_back))
        .routes(routes!(done_so))
        .routes(routes!(restricted))
        .routes(routes!(objected))
        .routes(routes!(agreed))
        .routes(routes!(record))
}

/// Somebody who was given something of the caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recipient)]
struct RecipientOut {
    /// What they are: `webhook`, `app`, `token` or `team`.
    kind: &'static str,
    /// What they are called, or where they are.
    name: String,
}

impl From<Recipient> for RecipientOut {
    fn from(Recipient { kind, name }: Recipient) -> Self {
        Self { kind, name }
    }
}

/// What is kept how long.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Kept)]
struct KeptOut {
    /// What.
    what: &'static str,
    /// How long.
    how_long: &'static str,
}

/// Something the caller agreed to, or took back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Consent)]
struct ConsentOut {
    /// When.
    at: Moment,
    /// To what.
    purpose: &'static str,
    /// Whether they agreed.
    given: bool,
    /// The version of the notice they had before them.
    notice: u32,
}

impl From<Consent> for ConsentOut {
    fn from(Consent { at, purpose, given, notice }: Consent) -> Self {
        Self { at: Moment(at), purpose: purpose.name(), given, notice }
    }
}

/// An erasure that waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Erasure)]
struct ErasureOut {
    /// When it was asked for.
    asked_at: Moment,
    /// When it begins; until then it can be taken back.
    due_at: Moment,
    /// Under which id the receipt will be found, for thirty days; keep it, for nothing else of the
    /// caller will be here then.
    #[schema(format = Uuid)]
    receipt: String,
}

impl From<Erasure> for ErasureOut {
    fn from(one: Erasure) -> Self {
        let (asked_at, due_at) = (Moment(one.asked_at), Moment(one.due_at));
        Self { asked_at, due_at, receipt: one.receipt.to_string() }
    }
}

/// For each purpose, whether it is served now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Purposes)]
struct MayOut {
    /// Noting what they open.
    activity: bool,
    /// Ranking their searches by meaning.
    meaning: bool,
    /// Offering them something to read.
    recommendation: bool,
    /// Finding others whose interests are near.
    social: bool,
    /// Counting how they read.
    analytics: bool,
    /// Giving texts to a language model of somebody else.
    llm: bool,
}

impl From<&Choices> for MayOut {
    fn from(choices: &Choices) -> Self {
        Self {
            activity: choices.allow(Purpose::Activity),
            meaning: choices.allow(Purpose::Meaning),
            recommendation: choices.allow(Purpose::Recommendation),
            social: choices.allow(Purpose::Social),
            analytics: choices.allow(Purpose::Analytics),
            llm: choices.allow(Purpose::Llm),
        }
    }
}

/// What is done with what is the caller's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Privacy)]
struct PrivacyOut {
    /// Whether it is kept, and nothing else is done with it.
    restricted: bool,
    /// For each purpose, whether it is served now.
    may: MayOut,
    /// What the caller objected to.
    objections: Vec<&'static str>,
    /// What they agreed to and took back, in that order.
    consents: Vec<ConsentOut>,
    /// The version of the notice.
    notice: u32,
    /// What is kept how long.
    kept: Vec<KeptOut>,
    /// Who was given something, as far as this server knows.
    recipients: Vec<RecipientOut>,
    /// The erasure the caller waits for.
    erasure: Option<ErasureOut>,
}

async fn standing(api: &Api, person: PersonId) -> Result<PrivacyOut, Problem> {
    let Decided { choices, consents } = decided(&api.privacy, person).await?;
    let erasure = erasure_of(&api.privacy, person).await?;
    let recipients = recipients(&api.privacy, person).await?;
    Ok(PrivacyOut {
        restricted: choices.restricted,
        may: MayOut::from(&choices),
        objections: choices.objected.iter().map(|purpose| purpose.name()).collect(),
        consents: consents.into_iter().map(ConsentOut::from).collect(),
        notice: VERSION,
        kept: KEPT.map(|(what, how_long)| KeptOut { what, how_long }).into(),
        recipients: recipients.into_iter().map(RecipientOut::from).collect(),
        erasure: erasure.map(ErasureOut::from),
    })
}

/// What is done with what is the caller's: choices, consents, recipients, and how long it is kept.
#[utoipa::path(get, path = "/v1/privacy", tag = "privacy", operation_id = "get_privacy",
    responses((status = 200, description = "All of it.", body = PrivacyOut)))]
async fn stands(me: Me, State(api): State<Api>) -> Answer {
    json(standing(&api, me.signed.person.id).await?)
}

/// What people are told about what is done with what is theirs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notice)]
struct NoticeOut {
    /// Its version; consents name it.
    version: u32,
    /// Its paragraphs.
    text: Vec<&'static str>,
}

/// The notice, in plain words.
#[utoipa::path(get, path = "/v1/privacy/notice", tag = "privacy", operation_id = "get_notice",
    responses((status = 200, description = "The notice.", body = NoticeOut)))]
async fn told(_: Me) -> Answer {
    json(NoticeOut { version: VERSION, text: NOTICE.into() })
}

/// What checks archives and receipts of this server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServerKey)]
struct KeyOut {
    /// The kind of key: `ed25519`.
    algorithm: &'static str,
    /// Its public half, base64.
    key: String,
}

/// The public half of the key this server signs archives and receipts with.
#[utoipa::path(get, path = "/v1/privacy/key", tag = "privacy", operation_id = "get_server_key",
    responses((status = 200, description = "The key.", body = KeyOut)))]
async fn key(_: Me, State(api): State<Api>) -> Answer {
    json(KeyOut { algorithm: "ed25519", key: signing_key(&api.privacy).await?.public() })
}

/// That it is meant.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AskErasure, example = json!({"password": "correct horse battery staple"}))]
struct ErasureIn {
    /// The caller's password, where they have one.
    #[serde(default)]
    #[schema(max_length = 256)]
    password: String,
}

/// An erasure that was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AskedErasure)]
struct AskedOut {
    /// The erasure.
    erasure: ErasureOut,
    /// Who was given something before: what they have, they are to be asked for.
    recipients: Vec<RecipientOut>,
}

/// Ask to be erased, with all that is the caller's; it begins after seven days.
///
/// Takes a browser that is signed in, or the machine's own key, and the password where there is one.
/// The only owner of a team makes somebody else one first. Asking again tells of the one that waits.
#[utoipa::path(post, path = "/v1/privacy/erasures", tag = "privacy",
    operation_id = "ask_erasure", request_body = ErasureIn,
    responses((status = 200, description = "It waits.", body = AskedOut)))]
async fn ask(me: Me, State(api): State<Api>, Ask { body, .. }: Ask<ErasureIn>) -> Answer {
    let typed = Typed::new(&body.password);
    let Asked { erasure, recipients } = ask_erasure(&api.privacy, &me.signed, &typed).await?;
    let recipients = recipients.into_iter().map(RecipientOut::from).collect();
    json(AskedOut { erasure: erasure.into(), recipients })
}

/// Take back that one asked to be erased.
#[utoipa::path(delete, path = "/v1/privacy/erasures", tag = "privacy",
    operation_id = "take_back_erasure",
    responses((status = 204, description = "Nothing will be erased.")))]
async fn take_back(me: Me, State(api): State<Api>, _: Once) -> Answer {
    take_back_erasure(&api.privacy, &me.signed).await?;
    done()
}

/// What says that an erasure was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Receipt)]
struct ReceiptOut {
    /// Until when it is kept.
    until: Moment,
    /// What was removed, what stays and why; signed.
    #[schema(value_type = Object)]
    receipt: Box<RawValue>,
}

/// Read the receipt of an erasure.
///
/// For whoever knows its id; it names nobody but the places webhooks led to, and is kept
/// for thirty days.
#[utoipa::path(get, path = "/v1/privacy/receipts/{receipt}", tag = "privacy",
    operation_id = "get_receipt", security(()),
    responses((status = 200, description = "It was done.", body = ReceiptOut)))]
async fn done_so(State(api): State<Api>, ReceiptPath(id): ReceiptPath) -> Answer {
    let found = receipt(&api.privacy, id).await?;
    let body = RawValue::from_string(found.body);
    let body = body.map_err(|error| shelf_ports::Fault::new("reading a receipt", error))?;
    json(ReceiptOut { until: Moment(found.until), receipt: body })
}

/// Whether to restrict.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Restriction, example = json!({"restricted": true}))]
struct RestrictionIn {
    /// Whether what is the caller's is kept, and nothing else done with it.
    restricted: bool,
}

/// Restrict what is done with what is the caller's to keeping it, or lift that.
///
/// What they open is not noted, their searches go by words alone, webhooks they added are paused,
/// and whatever asks for consent is off.
#[utoipa::path(put, path = "/v1/privacy/restriction", tag = "privacy",
    operation_id = "restrict", request_body = RestrictionIn,
    responses((status = 200, description = "What holds now.", body = PrivacyOut)))]
async fn restricted(
    me: Me,
    State(api): State<Api>,
    Ask { body, .. }: Ask<RestrictionIn>,
) -> Answer {
    restrict(&api.privacy, &me.signed, body.restricted).await?;
    json(standing(&api, me.signed.person.id).await?)
}

/// What to object to; what is not said is not objected to.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Objections, example = json!({"recommendation": true, "llm": true}))]
struct ObjectionsIn {
    /// To being offered something to read.
    recommendation: bool,
    /// To others being found by their interests.
    social: bool,
    /// To counting how they read.
    analytics: bool,
    /// To giving texts to a language model of somebody else.
    llm: bool,
}

/// Object to what is done with what is the caller's; in the place of what they objected to before.
#[utoipa::path(put, path = "/v1/privacy/objections", tag = "privacy", operation_id = "object",
    request_body = ObjectionsIn,
    responses((status = 200, description = "What holds now.", body = PrivacyOut)))]
async fn objected(me: Me, State(api): State<Api>, Ask { body, .. }: Ask<ObjectionsIn>) -> Answer {
    let said = [
        (Purpose::Recommendation, body.recommendation),
        (Purpose::Social, body.social),
        (Purpose::Analytics, body.analytics),
        (Purpose::Llm, body.llm),
    ];
    let objected = said.into_iter().filter_map(|(purpose, said)| said.then_some(purpose));
    object(&api.privacy, &me.signed, objected.collect()).await?;
    json(standing(&api, me.signed.person.id).await?)
}

/// What somebody may agree to.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConsentPurpose)]
enum PurposeIn {
    /// To others being found by their interests.
    Social,
    /// To counting how they read.
    Analytics,
    /// To giving texts to a language model of somebody else.
    Llm,
}

/// To what, and whether.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GiveConsent, example = json!({"purpose": "llm", "given": true}))]
struct ConsentIn {
    /// To what.
    purpose: PurposeIn,
    /// Whether they agree; `false` takes it back.
    given: bool,
}

/// Agree to something, or take that back; it holds at once.
#[utoipa::path(post, path = "/v1/privacy/consents", tag = "privacy",
    operation_id = "give_consent", request_body = ConsentIn,
    responses((status = 200, description = "What holds now.", body = PrivacyOut)))]
async fn agreed(me: Me, State(api): State<Api>, Ask { body, .. }: Ask<ConsentIn>) -> Answer {
    let purpose = match body.purpose {
        PurposeIn::Social => Purpose::Social,
        PurposeIn::Analytics => Purpose::Analytics,
        PurposeIn::Llm => Purpose::Llm,
    };
    consent(&api.privacy, &me.signed, purpose, body.given).await?;
    json(standing(&api, me.signed.person.id).await?)
}

/// What is kept in one table of the store.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Processing)]
struct ProcessingOut {
    /// The table.
    table: String,
    /// What it is for.
    purpose: String,
    /// On which ground.
    basis: String,
    /// How long.
    retention: String,
    /// Columns that say something about a person.
    personal: Vec<String>,
    /// Columns that hold secrets, or what only its owner can open.
    sealed: Vec<String>,
}

impl From<Processing> for ProcessingOut {
    fn from(one: Processing) -> Self {
        let Processing { table, purpose, basis, retention, personal, sealed } = one;
        Self { table, purpose, basis, retention, personal, sealed }
    }
}

/// The record of processing: what is kept, for what, on which ground, and how long.
#[utoipa::path(get, path = "/v1/privacy/record", tag = "privacy",
    operation_id = "get_processing_record",
    responses((status = 200, description = "All tables.", body = Paged<ProcessingOut>)))]
async fn record(_: Me, State(api): State<Api>) -> Answer {
    let all = api.processing.iter().cloned().map(ProcessingOut::from);
    json(Paged::whole(all.collect()))
}
