//! What people are told about what is done with what is theirs, in plain words.

/// The version of [`NOTICE`]; consents name the one that was read.
pub const VERSION: u32 = 2;

/// The notice, a paragraph an entry.
pub const NOTICE: [&str; 6] = [
    "This server keeps what you save: addresses, titles, notes, tags and folders, and every change \
     to them, so that you can find them, undo and sync. That is what it is for.",
    "It keeps your name, how you sign in, which programs and devices you let in, and which teams you \
     belong to. Passwords, keys and links are kept as hashes, which open nothing.",
    "It notes what you open, for you alone, and forgets that after thirteen months. You can switch \
     that off. It computes from each bookmark which others are near in meaning, on this server.",
    "Nothing goes to anybody else but what you send there: webhooks you add, programs you let in, \
     teams whose libraries you use. Whoever uses a library with you sees your name, what you change in \
     it and, unless you switch that off, that you are there. There is no tracking, no advertising, and nothing is sold.",
    "Finding people with similar interests, counting how you read, and giving texts to a language \
     model of somebody else are off until you agree, each by itself, and you can take that back.",
    "You can take everything out as one signed file, correct it, restrict what is done with it, \
     object, and have all of it erased. Whoever runs this server answers questions about it.",
];

/// What is kept how long, in plain words.
pub const KEPT: [(&str, &str); 12] = [
    ("Bookmarks, folders, tags and their history", "until you remove them or are erased"),
    ("The trash", "30 days"),
    ("What you opened", "13 months, or until you forget it"),
    ("Tokens, sessions and devices", "until they end or you end them"),
    ("With which of them you changed something, those that ended too", "until you are erased"),
    ("Answers to repeated requests", "1 day; 30 days at most"),
    ("What was sent to webhooks", "30 days, without its content"),
    ("Files that wait for their import", "1 day"),
    ("Files that devices begin from", "1 day, or until something is removed for good"),
    ("Deletions of a device that wait for your word", "30 days"),
    ("The audit log of a team", "as long as the team; it holds ids and nothing you typed"),
    ("The receipt of an erasure", "30 days; it names nobody but the places webhooks led to"),
];
