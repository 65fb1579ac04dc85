//! Folders that become libraries, and libraries that are shown at folders.

use axum::extract::Path;
use shelf_bookmarks::organise::{get_collection, mount_library, share_folder, to_share};
use shelf_domain::{
    id::{LibraryId, Scope},
    refusal::Refused,
    right::Right,
};
use shelf_identity::{reach_of, tenants::libraries::library_of_folder};
use shelf_ports::Failure;

use super::{Answer, people::said_so};
use crate::{
    frame::Here,
    pages::mounts::{FolderSharing, folder_sharing},
    posted::{Posted, item_id},
    visit::Visit,
    within::Within,
};

/// What sharing a folder means, before it is done.
pub(crate) async fn page(visit: Visit, Path(id): Path<String>) -> Answer {
    let item = item_id("folder", &id)?;
    let (collection, _) = get_collection(&visit.ctx, visit.scope, item).await?;
    let mut page = FolderSharing {
        id: collection.id.to_string(),
        name: collection.name,
        mount: collection.mount.map(|library| visit.mounted(library)),
        ..FolderSharing::default()
    };
    let others = visit.libraries.iter().filter(|reach| reach.library.id != visit.scope.library);
    page.libraries =
        others.map(|reach| (reach.library.id.to_string(), reach.library.name.clone())).collect();
    if visit.ctx.right == Right::Manage {
        match to_share(&visit.ctx, visit.scope, item).await {
            Ok(ask) => (page.links, page.private) = (Some(ask.bookmarks), ask.private),
            Err(Failure::Refused(refused)) => page.hindered = refused.detail,
            Err(fault) => return Err(fault.into()),
        }
    }
    let frame = visit.frame("Share a folder", Here::Folder(id)).await?;
    Ok(visit.page(&frame, &folder_sharing(&page, &frame), None))
}

/// Makes a library of a folder, and goes on to who may use it.
pub(crate) async fn share(Path(id): Path<String>, Posted { visit, .. }: Posted) -> Answer {
    let ask = to_share(&visit.ctx, visit.scope, item_id("folder", &id)?).await?;
    let into = Scope { library: ask.library, ..visit.scope };
    if ask.is_mounted {
        return Ok(visit.go(&format!("/folders/{id}"), Some(&said_so("It is a library already"))));
    }
    let named = (ask.library, ask.name.as_str());
    library_of_folder(&visit.web.doors, visit.actor(), visit.scope, named).await?;
    share_folder(&visit.ctx, visit.scope, &ask, into).await?;
    let next = format!("{}/sharing", Within(ask.library).path());
    Ok(visit.go(&next, Some(&said_so("It is a library of its own now"))))
}

/// Shows another library at a folder, or none.
pub(crate) async fn mount(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let item = item_id("folder", &id)?;
    let library = match said.text("library") {
        "" => None,
        text => {
            let library: LibraryId = text.parse().map_err(|_| Refused::not_found("library"))?;
            reach_of(&visit.web.doors, &visit.signed, library).await?;
            Some(library)
        }
    };
    mount_library(&visit.ctx, visit.scope, item, library).await?;
    let said = if library.is_some() { "The library is shown here" } else { "Taken off" };
    Ok(visit.go(&format!("/folders/{id}"), Some(&said_so(said))))
}
