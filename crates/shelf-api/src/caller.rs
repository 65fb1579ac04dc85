//! Who asks, and for which library: by token, or by the session of a page of ours.

use crate::Api;
use crate::keyed::Keyed;
use crate::limit::{Payer, dried};
use crate::problem::{Problem, Wrong};
use crate::routes::oauth::proof;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header::{AUTHORIZATION, COOKIE, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use shelf_bookmarks::Ctx;
use shelf_domain::id::{
    ActId, CaptureId, ClientId, DeliveryId, DeviceId, EndpointId, GroupId, InvitationId, ItemId,
    LibraryId, PasskeyId, PersonId, ReceiptId, Scope, TenantId,
};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Right;
use shelf_domain::stamp::Seq;
use shelf_identity::sso::may_enter::{may_enter, may_govern};
use shelf_identity::{Actor, CsrfToken, Secret, Signed, authenticate, reach_of, session};
use shelf_ports::library::IdempotencyKey;
use std::str::FromStr;
use std::sync::Arc;

/// The header a page repeats its secret in, so that no other page can write in its name.
const CSRF_HEADER: &str = "x-csrf-token";
/// The header in which a reader says how far what it reads must have come.
const AT_LEAST_HEADER: &str = "mindshelf-at-least";
/// The cookie of a signed-in browser, which the pages set.
pub(crate) const SESSION_COOKIE: &str = "mindshelf_session";

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// With which right.
    pub grant: DeviceId,
}

/// A signed-in caller.
#[derive(Clone, Debug)]
pub(crate) struct Me {
    /// The request, for use cases; about no library, so it may write to none.
    pub ctx: Ctx,
    /// The person, and the right they ask with.
    pub signed: Signed,
}

impl Me {
    /// Who acts, for the audit log.
    pub(crate) fn actor(&self) -> Actor {
        Actor::from(&self.signed)
    }
}

/// A signed-in caller within a library they may use.
#[derive(Clone, Debug)]
pub(crate) struct In {
    /// The request, for use cases.
    pub ctx: Ctx,
    /// The library.
    pub scope: Scope,
    /// Who acts, for the audit log.
    pub actor: Actor,
}

impl In {
    /// The request under its idempotency key, if it has one.
    pub(crate) fn under(&self, key: Option<IdempotencyKey>) -> Ctx {
        let mut ctx = self.ctx.clone();
        if let Some(key) = key {
            ctx.stores.library = Arc::new(Keyed::new(ctx.stores.library, key));
        }
        ctx
    }
}

impl FromRequestParts<Api> for Me {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let signed = known(parts, api).await?;
        if let Ok(tenant) = named::<TenantId>(parts, "tenant").await {
            may_enter(&api.sso, &signed, tenant).await?;
        }
        let (device, person) = (signed.grant.id, signed.person.id);
        let right = Right::Read;
        Ok(Self { ctx: Ctx { stores: api.stores.clone(), device, person, right }, signed })
    }
}

impl FromRequestParts<Api> for In {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let me = Me::from_request_parts(parts, api).await?;
        let library: LibraryId = named(parts, "library").await?;
        let reach = reach_of(&api.doors(), &me.signed, library).await?;
        let actor = me.actor();
        pays(parts, api, &me.signed, reach.library.tenant).await?;
        let (scope, ctx) = (reach.library.scope(), Ctx { right: reach.right, ..me.ctx });
        let ctx = match at_least(parts)? {
            Some(seq) if parts.method.is_safe() => ctx.at_least(scope, seq).await?,
            _ => ctx,
        };
        Ok(Self { ctx, scope, actor })
    }
}

/// Has the tenant pay whose library is asked about; refused where nothing is left of its day.
async fn pays(parts: &Parts, api: &Api, signed: &Signed, tenant: TenantId) -> Result<(), Problem> {
    if tenant == signed.person.tenant {
        return Ok(());
    }
    api.throttle.has_day(tenant).await.map_err(|dry| dried(&dry))?;
    if let Some(Payer(payer)) = parts.extensions.get() {
        payer.get_or_init(|| tenant);
    }
    Ok(())
}

/// The position of the log that the caller wants to see.
fn at_least(parts: &Parts) -> Result<Option<Seq>, Problem> {
    let Some(sent) = parts.headers.get(AT_LEAST_HEADER) else { return Ok(None) };
    let seq = sent.to_str().ok().and_then(|sent| sent.trim().parse::<i64>().ok());
    let seq = seq.and_then(|seq| Seq::try_from(seq).ok());
    let detail = "MindShelf-At-Least is a position of the log: the second number of an ETag";
    seq.map(Some).ok_or_else(|| Refused::invalid("", detail).into())
}

/// In a request: why it speaks for nobody.
#[derive(Clone, Debug)]
pub(crate) struct Nobody(pub Problem);

/// Whom a request speaks for, found out once however many ask.
pub(crate) async fn known(parts: &mut Parts, api: &Api) -> Result<Signed, Problem> {
    if let Some(Nobody(problem)) = parts.extensions.get() {
        return Err(problem.clone());
    }
    if let Some(signed) = parts.extensions.get::<Signed>() {
        return Ok(signed.clone());
    }
    let signed = signed(parts, api).await?;
    parts.extensions.insert(Caller { grant: signed.grant.id });
    parts.extensions.insert(signed.clone());
    Ok(signed)
}

/// Whom a request speaks for, asked of the store.
pub(crate) async fn signed(parts: &Parts, api: &Api) -> Result<Signed, Problem> {
    if let Some(value) = parts.headers.get(AUTHORIZATION) {
        return with_token(parts, api, value).await;
    }
    let sent = cookie(&parts.headers, SESSION_COOKIE).ok_or_else(|| anyone(""))?;
    let secret = Secret::sent(sent);
    let signed = session(&api.doors(), &secret).await?.ok_or_else(|| anyone(""))?;
    let reads = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let sent = parts.headers.get(CSRF_HEADER).and_then(|sent| sent.to_str().ok());
    if !reads && !sent.is_some_and(|sent| CsrfToken::of(&secret).is(sent)) {
        return Err(Problem::wrong(Wrong::Origin, "send the X-CSRF-Token of the page"));
    }
    Ok(signed)
}

/// Whom the token or session in `headers` still speaks for, who was known by it before: for what
/// goes on after its request. A proof is of one request, so none is asked for again.
pub(crate) async fn still(headers: &HeaderMap, api: &Api) -> Result<Signed, Problem> {
    let signed = if let Some(value) = headers.get(AUTHORIZATION) {
        let sent = value.to_str().ok().and_then(token);
        let (token, _) = sent.ok_or_else(|| anyone("send a token"))?;
        authenticate(&api.doors(), &Secret::sent(token)).await?
    } else {
        let sent = cookie(headers, SESSION_COOKIE).ok_or_else(|| anyone(""))?;
        session(&api.doors(), &Secret::sent(sent)).await?
    };
    signed.ok_or_else(|| anyone("what was brought opens nothing any more"))
}

/// Whom a token speaks for. One that is bound to a key is sent with a proof of it (RFC 9449), any
/// other as a bearer's.
async fn with_token(parts: &Parts, api: &Api, value: &HeaderValue) -> Result<Signed, Problem> {
    let sent = value.to_str().ok().and_then(token);
    let (token, has_proof) = sent.ok_or_else(|| anyone("send a token"))?;
    let secret = Secret::sent(token);
    let signed = authenticate(&api.doors(), &secret).await?;
    let signed = signed.ok_or_else(|| anyone("this token opens nothing, or nothing any more"))?;
    match (signed.grant.bound, has_proof) {
        (None, false) => Ok(signed),
        (None, true) => Err(unproven("this token is bound to no key; send it as Bearer")),
        (Some(_), false) => Err(unproven("this token is bound to a key; send it as DPoP")),
        (Some(bound), true) => match proof::of_request(api, parts, &secret).await {
            Ok(key) if key == bound => Ok(signed),
            Ok(_) => Err(unproven("this token is bound to another key")),
            Err(refusal) => Err(unproven(refusal.detail)),
        },
    }
}

/// The token in `Bearer …` or `DPoP …`, and whether it is to come with a proof; the scheme is read
/// in any case (RFC 9110).
pub(crate) fn token(value: &str) -> Option<(&str, bool)> {
    let (scheme, token) = value.trim().split_once(' ')?;
    let has_proof = scheme.eq_ignore_ascii_case("dpop");
    (has_proof || scheme.eq_ignore_ascii_case("bearer")).then(|| (token.trim(), has_proof))
}

fn unproven(detail: &str) -> Problem {
    let told = "DPoP realm=\"mindshelf\", error=\"invalid_dpop_proof\", algs=\"ES256\"";
    anyone(detail).with(WWW_AUTHENTICATE, HeaderValue::from_static(told))
}

fn anyone(detail: &str) -> Problem {
    Refused::new(Code::Unauthenticated, "", detail).into()
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// The id in the path under `name`; what is no id is as absent as an unknown one.
async fn named<T: FromStr>(parts: &mut Parts, name: &str) -> Result<T, Problem> {
    let missing = || Problem::from(Refused::not_found(name));
    let params = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| missing())?;
    let text = params.iter().find(|(known, _)| *known == name).map(|(_, text)| text);
    text.and_then(|text| text.parse().ok()).ok_or_else(missing)
}

macro_rules! path_id {
    ($(#[$doc:meta])* $name:ident, $id:ty, $param:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name(pub $id);

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                named(parts, $param).await.map(Self)
            }
        }
    };
}

path_id!(
    /// The item in the path.
    Item, ItemId, "item"
);
path_id!(
    /// The gesture in the path.
    Act, ActId, "act"
);
path_id!(
    /// The import in the path.
    Import, ActId, "import"
);
path_id!(
    /// The file in the path.
    FilePath, CaptureId, "file"
);
path_id!(
    /// The format of an export in the path.
    Format, String, "format"
);
path_id!(
    /// The token or session in the path.
    GrantPath, DeviceId, "grant"
);

path_id!(
    /// The program in the path.
    ClientPath, ClientId, "client"
);
path_id!(
    /// The passkey in the path.
    PasskeyPath, PasskeyId, "passkey"
);
path_id!(
    /// The domain in the path.
    DomainPath, String, "domain"
);

/// The library in the path, for what does not touch its content.
#[derive(Clone, Debug)]
pub(crate) struct LibraryPath(pub LibraryId);

impl FromRequestParts<Api> for LibraryPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let library = named(parts, "library").await?;
        let signed = known(parts, api).await?;
        may_govern(&api.sso, &signed, library).await?;
        Ok(Self(library))
    }
}

path_id!(
    /// The tenant in the path.
    TenantPath, TenantId, "tenant"
);
path_id!(
    /// The person in the path.
    PersonPath, PersonId, "person"
);
path_id!(
    /// The group in the path.
    GroupPath, GroupId, "group"
);
path_id!(
    /// The invitation in the path.
    InvitationPath, InvitationId, "invitation"
);
path_id!(
    /// The endpoint of webhooks in the path.
    EndpointPath, EndpointId, "endpoint"
);
path_id!(
    /// The delivery in the path.
    DeliveryPath, DeliveryId, "delivery"
);
path_id!(
    /// The receipt in the path.
    ReceiptPath, ReceiptId, "receipt"
);
path_id!(
    /// The person, group or tenant in the path that a right is given to.
    HolderPath, PersonId, "holder"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_cookies_are_found_where_they_are_sent() {
        assert_eq!(token("Bearer abc"), Some(("abc", false)));
        assert_eq!(token("bearer  abc "), Some(("abc", false)));
        assert_eq!(token("dpop abc"), Some(("abc", true)));
        assert_eq!(token("Basic abc"), None);
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; b=2".parse().unwrap());
        headers.append(COOKIE, "c=3".parse().unwrap());
        assert_eq!(cookie(&headers, "b"), Some("2"));
        assert_eq!(cookie(&headers, "c"), Some("3"));
        assert_eq!(cookie(&headers, "d"), None);
    }
}
