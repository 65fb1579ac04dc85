//! Tags: renamed, merged, let go.

use axum::extract::Path;
use shelf_bookmarks::tags::{EditTag, delete_tag, edit_tag, list_tags};
use shelf_domain::turn::Status;

use super::{Answer, items::told};
use crate::{
    frame::{Here, TagCount},
    pages::tags::{TagsPage, tags},
    posted::{Posted, item_id},
    ui::toast::Toast,
    visit::Visit,
};

/// Tags merged at once at most.
const MERGE_MAX: usize = 200;

/// All tags.
pub(crate) async fn page(visit: Visit) -> Answer {
    let frame = visit.frame("Tags", Here::Tags).await?;
    let all = list_tags(&visit.ctx, visit.scope).await?;
    let all = all.into_iter().map(|(tag, count)| TagCount {
        id: tag.id.to_string(),
        name: tag.name,
        count,
    });
    Ok(visit.page(&frame, &tags(&TagsPage { tags: all.collect() }, &frame), None))
}

/// Renames a tag; to the name of another, it joins that one.
pub(crate) async fn rename(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let ask = EditTag::rename(item_id("tag", &id)?, said.text("name"));
    let changed = edit_tag(&visit.ctx, visit.scope, ask).await?;
    let joined = changed.outcomes.iter().any(|outcome| outcome.status == Status::Joined);
    let words = if joined { "Tags merged" } else { "Tag renamed" };
    Ok(visit.go("/tags", Some(&told(words, &changed))))
}

/// Merges the ticked tags into the one that is named.
pub(crate) async fn merge(Posted { visit, said }: Posted) -> Answer {
    let mut count = 0_u64;
    for id in said.ids("tag")?.into_iter().take(MERGE_MAX) {
        edit_tag(&visit.ctx, visit.scope, EditTag::rename(id, said.text("into"))).await?;
        count += 1;
    }
    let words = format!("{} merged", crate::words::counted(count, "tag", "tags"));
    Ok(visit.go("/tags", Some(&Toast { words, undo: None })))
}

pub(crate) async fn delete(Path(id): Path<String>, Posted { visit, .. }: Posted) -> Answer {
    let changed = delete_tag(&visit.ctx, visit.scope, item_id("tag", &id)?).await?;
    Ok(visit.go("/tags", Some(&told("Tag let go", &changed))))
}
