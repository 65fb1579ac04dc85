//! The table of settings: key, default and meaning; the reference is written from it.

/// Names the settings file.
pub(super) const SETTINGS_VARIABLE: &str = "MINDSHELF_SETTINGS";

/// Variables of the repository's own tests, which the program leaves alone; what ends in `_`
/// stands for all that begin with it.
pub const IGNORED: &[&str] = &[
    "MINDSHELF_BINARY",
    "MINDSHELF_BLESS",
    "MINDSHELF_CASES",
    "MINDSHELF_CHROMIUM",
    "MINDSHELF_ENGINES_",
    "MINDSHELF_FUZZ_",
    "MINDSHELF_JUDGES",
    "MINDSHELF_LONG",
    "MINDSHELF_OPERATIONS",
    "MINDSHELF_PICTURES",
    "MINDSHELF_SEED",
    "MINDSHELF_SEEDS",
    "MINDSHELF_SEED_SECONDS",
    "MINDSHELF_SHARED",
    "MINDSHELF_TEST_",
];

/// Whether the variable `name` is one of those.
pub(super) fn is_ignored(name: &str) -> bool {
    IGNORED.iter().any(|one| *one == name || (one.ends_with('_') && name.starts_with(one)))
}

/// One setting. Its variable is `MINDSHELF_` and the key in capitals.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name in the settings file.
    pub key: &'static str,
    /// What holds where nothing is said; empty is nothing.
    pub default: &'static str,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

const fn setting(key: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting { key, default, meaning }
}

/// Every setting there is.
pub const SETTINGS: &[Setting] = &[
    setting(
        "data",
        "",
        "The directory everything is kept in; else `$XDG_DATA_HOME/mindshelf`, else \
         `~/.local/share/mindshelf`.",
    ),
    setting(
        "records",
        "",
        "Where records are kept when not in the data directory: the address of a PostgreSQL \
         database, such as `postgres://shelf:secret@127.0.0.1/shelf`.",
    ),
    setting(
        "replica",
        "",
        "A copy of that database to read from: the address of a PostgreSQL server that follows it, \
         or of several behind one address.",
    ),
    setting(
        "search",
        "",
        "Where the search index is kept when not in the data directory: the gRPC address of a \
         Qdrant server, such as `http://127.0.0.1:6334`, with its key as in \
         `https://key@qdrant.example:6334`.",
    ),
    setting(
        "bus",
        "",
        "How processes that share a database wake each other: the address of a NATS server, such \
         as `nats://127.0.0.1:4222`.",
    ),
    setting(
        "cache",
        "",
        "Where processes that share a database keep what may be forgotten: the address of a Redis \
         server, such as `redis://127.0.0.1:6379`, or `rediss://…` with TLS.",
    ),
    setting(
        "blobs",
        "",
        "Where files lie that are kept with bookmarks or wait for their import, when not in the \
         data directory: a bucket of S3 or of what speaks like it, such as `s3://bucket/prefix`; \
         keys, region and endpoint by the usual variables `AWS_…`.",
    ),
    setting(
        "root_key",
        "",
        "The file that holds the root key when that is not `root.key` in the data directory. Needed \
         for records on PostgreSQL, the same for all processes (`mindshelf key make FILE`).",
    ),
    setting(
        "role",
        "all",
        "What this process does: `gateway`, `sync`, `bookmarks`, `courier`, `keeper`, several with \
         commas between, or `all`.",
    ),
    setting(
        "plan",
        "home",
        "How much people may ask for and keep, where their tenant was given no plan of its own: any \
         amount on one's own machine (`home`), or within the bounds of `personal` or `team`.",
    ),
    setting(
        "quotas",
        "",
        "What a plan bounds over days and what it lets be kept, where that is to be other than it \
         comes, with commas between: `personal.bookmarks=20000`, `team.members=any`.",
    ),
    setting("listen", "127.0.0.1:4747", "The address and port the server listens on."),
    setting(
        "connections",
        "512",
        "How many connections are open at a time; more wait. The limit of open files must be some \
         hundred higher.",
    ),
    setting(
        "sockets",
        "4096",
        "How many devices may hold a socket of sync open at a time; more are refused. They come on top \
         of the connections, and each takes an open file.",
    ),
    setting(
        "connections_per_address",
        "128",
        "How many of them one address may have open, and one network of IPv6 (/64); more are let go \
         at once. Trusted proxies may have any number.",
    ),
    setting(
        "hosts",
        "",
        "More names the server goes by, with commas between; requests for other names are refused.",
    ),
    setting(
        "origins",
        "",
        "Other pages that may use the server, such as `chrome-extension://…`, with commas between.",
    ),
    setting(
        "public_url",
        "",
        "How browsers reach the server through a proxy, such as `https://shelf.example` or \
         `https://example.org/shelf`. Passkeys are bound to its name.",
    ),
    setting(
        "trusted_proxies",
        "127.0.0.1,::1",
        "Proxies that are believed when they say `X-Forwarded-Proto` and `X-Forwarded-For`: \
         addresses and networks such as `10.0.0.0/8`, with commas between.",
    ),
    setting(
        "outbound",
        "on",
        "Whether anything is sent to addresses people named, such as webhooks: `on` or `off`.",
    ),
    setting(
        "outbound_allowed",
        "",
        "What may be reached that way although it is private, with commas between: addresses and \
         networks such as `10.1.0.0/16`, or a host with its port such as `nas.home:5000`.",
    ),
    setting(
        "outbound_ports",
        "",
        "Ports that are asked that way besides 80 and 443, with commas between.",
    ),
    setting("log", "warn,mindshelf=info", "What is logged to standard error."),
    setting("log_format", "text", "`text` for people or `json` for programs."),
    setting("server", "", "Commands use this server instead of the data directory."),
    setting("token", "", "The token commands show to that server."),
    setting("library", "", "Name or id of the library commands work on; else the oldest one."),
];

/// The default of the setting `key`.
pub(super) fn default_of(key: &str) -> &'static str {
    SETTINGS.iter().find(|setting| setting.key == key).map_or("", |setting| setting.default)
}
