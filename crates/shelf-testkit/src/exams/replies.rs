//! The exam of kept replies.

use shelf_ports::replies::{Replies, Reply};

fn reply(fingerprint: &str) -> Reply {
    Reply {
        fingerprint: fingerprint.into(),
        status: 201,
        headers: vec![("location".into(), "/v1/devices/1".into())],
        body: "{\"name\": \"téléphone\"}".into(),
    }
}

/// Sits the whole exam of [`Replies`].
pub async fn exam(replies: &dyn Replies) {
    let (old, new) = (reply("old"), reply("new"));
    assert_eq!(replies.reply("ada 1", 0).await.unwrap(), None);
    replies.keep_reply("ada 1", &old, 1_000).await.unwrap();
    replies.keep_reply("ben 1", &new, 3_000).await.unwrap();
    assert_eq!(replies.reply("ada 1", 0).await.unwrap(), Some(old.clone()), "kept as it was");
    assert_eq!(replies.reply("ada 1", 1_000).await.unwrap(), Some(old), "kept at that moment");
    assert_eq!(replies.reply("ada 1", 1_001).await.unwrap(), None, "kept before that moment");
    assert_eq!(replies.reply("ada", 0).await.unwrap(), None, "a key is the whole of it");
    replies.keep_reply("ada 1", &new, 2_000).await.unwrap();
    assert_eq!(replies.reply("ada 1", 0).await.unwrap(), Some(new.clone()), "the last one holds");
    replies.forget_replies(2_001).await.unwrap();
    assert_eq!(replies.reply("ada 1", 0).await.unwrap(), None);
    assert_eq!(replies.reply("ben 1", 0).await.unwrap(), Some(new), "what is younger stays");
}
