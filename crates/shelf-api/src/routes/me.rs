//! Who the caller is, and the libraries they may use.

use crate::Api;
use crate::body::{Patch, never_empty, said};
use crate::caller::Me;
use crate::moment::Moment;
use crate::problem::Problem;
use crate::routes::access::GrantOut;
use crate::routes::shares::RightIo;
use crate::wire::{Answer, json};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shelf_bookmarks::counts;
use shelf_bookmarks::history::Writer;
use shelf_identity::rename_person;
use shelf_ports::accounts::Person;
use shelf_ports::tenants::Reach;
use shelf_ports::views::Counts;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(who, rename))
}

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
struct MeOut {
    /// The person.
    person: PersonOut,
    /// The token or session they ask with.
    grant: GrantOut,
    /// The libraries they may use: their own first, then those shared with them, oldest first.
    libraries: Vec<LibraryOut>,
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Person)]
pub(crate) struct PersonOut {
    /// Their id.
    #[schema(format = Uuid)]
    id: String,
    /// What they are called.
    name: String,
}

impl From<Writer> for PersonOut {
    fn from(writer: Writer) -> Self {
        Self { id: writer.id.to_string(), name: writer.name }
    }
}

impl From<Person> for PersonOut {
    fn from(person: Person) -> Self {
        Self { id: person.id.to_string(), name: person.name }
    }
}

/// A library.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Library)]
pub(crate) struct LibraryOut {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// Its name.
    name: String,
    /// The tenant it belongs to.
    #[schema(format = Uuid)]
    tenant: String,
    /// What the caller may do in it.
    right: RightIo,
    /// When it was made.
    created_at: Moment,
    /// How much it holds.
    counts: CountsOut,
}

impl LibraryOut {
    /// What is told of a library the caller reaches.
    pub(crate) async fn of(me: &Me, reach: Reach) -> Result<Self, Problem> {
        let Reach { library, right, .. } = reach;
        Ok(Self {
            id: library.id.to_string(),
            tenant: library.tenant.to_string(),
            right: right.into(),
            counts: counts(&me.ctx, library.scope()).await?.into(),
            created_at: Moment(library.created_at),
            name: library.name,
        })
    }
}

/// How much a library holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Counts)]
struct CountsOut {
    /// Living bookmarks, archived ones included.
    bookmarks: u64,
    /// In no collection.
    unsorted: u64,
    /// Still to be read.
    unread: u64,
    /// Favourites.
    favourite: u64,
    /// Archived.
    archived: u64,
    /// Collections.
    collections: u64,
    /// Tags.
    tags: u64,
    /// Items in the trash.
    trashed: u64,
    /// Items that hold two versions of a text.
    conflicts: u64,
}

impl From<Counts> for CountsOut {
    fn from(counts: Counts) -> Self {
        let Counts { bookmarks, unsorted, unread, favourite, archived, .. } = counts;
        let Counts { collections, tags, trashed, conflicts, .. } = counts;
        Self {
            bookmarks,
            unsorted,
            unread,
            favourite,
            archived,
            collections,
            tags,
            trashed,
            conflicts,
        }
    }
}

/// Who the caller is.
#[utoipa::path(get, path = "/v1/me", tag = "account", operation_id = "get_me",
    responses((status = 200, description = "The caller.", body = MeOut)))]
async fn who(me: Me, State(api): State<Api>) -> Answer {
    let mut libraries = Vec::new();
    for reach in shelf_identity::libraries(&api.doors(), &me.signed).await? {
        libraries.push(LibraryOut::of(&me, reach).await?);
    }
    let person = PersonOut::from(me.signed.person);
    json(MeOut { person, grant: me.signed.grant.into(), libraries })
}

/// What to change; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EditMe, example = json!({"name": "Ada"}))]
struct EditMeIn {
    /// What the caller is called; never empty.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = String, required = false, max_length = 200)]
    name: Option<Option<String>>,
}

/// Give oneself another name, wherever others see it.
#[utoipa::path(patch, path = "/v1/me", tag = "account", operation_id = "edit_me",
    request_body(content = EditMeIn, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = PersonOut)))]
async fn rename(me: Me, State(api): State<Api>, Patch { body, .. }: Patch<EditMeIn>) -> Answer {
    let person = match never_empty("name", body.name)? {
        Some(name) => rename_person(&api.doors(), me.signed.person.id, &name).await?,
        None => me.signed.person,
    };
    json(PersonOut::from(person))
}
