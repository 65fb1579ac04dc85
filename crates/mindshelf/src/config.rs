//! Settings: one table, read from a file, the environment and the command line, in that order.
//!
//! What is not in the table is refused by name. `docs/OPERATIONS.md` is held to the table by a test.

mod table;

pub use table::{IGNORED, SETTINGS, Setting};

use crate::blobs::Bucket;
use crate::proxies::Proxies;
use crate::roles::{Role, Roles};
use anyhow::{Context, Result, bail, ensure};
use shelf_cluster::redis;
use shelf_domain::plan::{Plan, Plans};
use shelf_outbound::{Allowed, Rules};
use shelf_web::PublicUrl;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The prefix of every variable.
pub const PREFIX: &str = "MINDSHELF_";
/// How addresses of PostgreSQL begin.
const POSTGRES: [&str; 2] = ["postgres://", "postgresql://"];
/// How addresses of NATS begin.
const NATS: [&str; 2] = ["nats://", "tls://"];
/// The prefix of the variables that say where buckets are and what opens them.
const AWS: &str = "AWS_";
/// How many connections, and sockets besides, there may be at a time.
const CONNECTIONS: RangeInclusive<usize> = 1..=1_000_000;
/// The settings file that is read from the data directory when none is named.
pub const FILE: &str = "mindshelf.toml";

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Every setting, read and checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The directory everything is kept in.
    pub data: PathBuf,
    /// The database records are kept in, when that is not the data directory.
    pub records: Option<String>,
    /// A copy of the database to read from.
    pub replica: Option<String>,
    /// The server the search index is kept on, when that is not the data directory.
    pub search: Option<String>,
    /// The bus between processes.
    pub bus: Option<String>,
    /// The cache of processes that share a database.
    pub cache: Option<String>,
    /// The bucket files are kept in, when that is not the data directory.
    pub blobs: Option<Bucket>,
    /// The file that holds the root key, when that is not in the data directory.
    pub root_key: Option<PathBuf>,
    /// How much people may ask for and keep.
    pub plans: Plans,
    /// What this process does.
    pub roles: Roles,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// How many connections are open at a time.
    pub connections: usize,
    /// How many sockets of sync are open at a time.
    pub sockets: usize,
    /// How many of them one address may have that is no trusted proxy.
    pub connections_per_address: usize,
    /// Names the server also goes by.
    pub hosts: Vec<String>,
    /// Other pages that may use the server, such as an extension's.
    pub origins: Vec<String>,
    /// How browsers reach the server, when that is not the address it listens on.
    pub public_url: Option<PublicUrl>,
    /// The proxies that are believed.
    pub trusted_proxies: Proxies,
    /// By which rules something is sent to addresses people named.
    pub outbound: Rules,
    /// What is logged, as a filter of `tracing`.
    pub log: String,
    /// How it is logged.
    pub log_format: LogFormat,
    /// The server commands use instead of the data directory.
    pub server: Option<String>,
    /// The token they show to it.
    pub token: Option<String>,
    /// The library they work on; the oldest, if none is named.
    pub library: Option<String>,
}

/// Texts of settings by key, later sources over earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said(BTreeMap<&'static str, String>);

impl Said {
    /// Puts `text` for the setting `key`; refused by name where there is none.
    pub fn put(&mut self, key: &str, text: String) -> Result<()> {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
            bail!("unknown setting {key:?}{}", nearest(key));
        };
        self.0.insert(setting.key, text);
        Ok(())
    }

    /// Everything in `other` over what is here.
    pub fn over(&mut self, other: Said) {
        self.0.extend(other.0);
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|text| !text.is_empty())
    }
}

/// What the environment says.
pub fn of_environment(environment: &BTreeMap<String, String>) -> Result<Said> {
    let mut said = Said::default();
    for (name, text) in environment {
        let Some(key) = name.strip_prefix(PREFIX) else { continue };
        if name == table::SETTINGS_VARIABLE || table::is_ignored(name) {
            continue;
        }
        let key = key.to_ascii_lowercase();
        said.put(&key, text.clone()).with_context(|| format!("the variable {name}"))?;
    }
    Ok(said)
}

/// What the settings file `path` says.
pub fn of_file(path: &Path) -> Result<Said> {
    let named = || format!("the settings file {}", path.display());
    let text = std::fs::read_to_string(path).with_context(named)?;
    of_text(&text, &named)
}

/// What the text of a settings file says, which is `named` where something is wrong with it.
pub(crate) fn of_text(text: &str, named: &dyn Fn() -> String) -> Result<Said> {
    let table: toml::Table = text.parse().with_context(named)?;
    let mut said = Said::default();
    for (key, value) in table {
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Array(values) if values.iter().all(toml::Value::is_str) => {
                values.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(",")
            }
            _ => bail!("{}: the setting {key:?} is neither a text nor a list of texts", named()),
        };
        said.put(&key, text).with_context(named)?;
    }
    Ok(said)
}

impl Settings {
    /// Reads every source: the file, over it the environment, over it the command line.
    pub fn read(
        environment: &BTreeMap<String, String>,
        flags: Said,
        file: Option<&Path>,
    ) -> Result<Self> {
        let mut near = of_environment(environment)?;
        near.over(flags);
        let named = file.map(Path::to_owned).or_else(|| {
            environment.get(table::SETTINGS_VARIABLE).filter(|p| !p.is_empty()).map(PathBuf::from)
        });
        let mut all = if let Some(path) = named {
            of_file(&path)?
        } else {
            let beside = data_of(&near, environment).join(FILE);
            if beside.is_file() { of_file(&beside)? } else { Said::default() }
        };
        all.over(near);
        Self::checked(&all, environment)
    }

    pub(crate) fn checked(all: &Said, environment: &BTreeMap<String, String>) -> Result<Self> {
        let text = |key: &str| all.text(key).unwrap_or_else(|| table::default_of(key));
        let owned = |key: &str| Some(text(key)).filter(|t| !t.is_empty()).map(str::to_owned);
        let list = |key: &str| {
            let parts = text(key).split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(str::to_owned).collect::<Vec<_>>()
        };
        let listen = listen(text("listen"))?;
        let many = |key: &str| how_many(key, text(key));
        let (connections, sockets) = (many("connections")?, many("sockets")?);
        let per_address = many("connections_per_address")?;
        let log_format = log_format(text("log_format"))?;
        let public_url = owned("public_url").map(|url| url.parse()).transpose();
        let public_url = public_url.context("the setting \"public_url\"")?;
        let trusted_proxies =
            Proxies::read(&list("trusted_proxies")).context("the setting \"trusted_proxies\"")?;
        let address = |key: &str, schemes: &[&str]| -> Result<Option<String>> {
            let said = owned(key);
            let is_one = |url: &String| schemes.iter().any(|scheme| url.starts_with(scheme));
            let schemes = schemes.join(" or ");
            ensure!(said.as_ref().is_none_or(is_one), "the setting {key:?} begins with {schemes}");
            Ok(said)
        };
        let (records, replica) = (address("records", &POSTGRES)?, address("replica", &POSTGRES)?);
        let search = address("search", &["http://", "https://"])?;
        let (bus, cache) = (address("bus", &NATS)?, address("cache", &redis::SCHEMES)?);
        let blobs = address("blobs", &["s3://"])?.map(|address| bucket(address, environment));
        let plans = plans(text("plan"), &list("quotas"))?;
        let roles = Roles::read(text("role"))?;
        ensure!(
            search.is_some() || roles.are_all() || !roles.has(Role::Bookmarks),
            "the role bookmarks follows the log for an index that processes share; name it by the \
             setting \"search\""
        );
        let shared = replica.is_some() || search.is_some() || bus.is_some() || cache.is_some();
        ensure!(
            records.is_some() || (!shared && roles.are_all()),
            "a replica, a shared search index, a bus, a cache and single roles are for processes that share a database; name it by \
             the setting \"records\""
        );
        Ok(Self {
            data: data_of(all, environment),
            records,
            replica,
            search,
            bus,
            cache,
            blobs,
            root_key: owned("root_key").map(PathBuf::from),
            plans,
            roles,
            listen,
            connections,
            sockets,
            connections_per_address: per_address,
            hosts: list("hosts"),
            origins: list("origins"),
            public_url,
            trusted_proxies,
            outbound: outbound(all)?,
            log: text("log").to_owned(),
            log_format,
            server: owned("server"),
            token: owned("token"),
            library: owned("library"),
        })
    }

    /// Whether only this machine can reach the server.
    pub fn is_private(&self) -> bool {
        match self.listen.ip() {
            IpAddr::V4(ip) => ip.is_loopback(),
            IpAddr::V6(ip) => ip.is_loopback(),
        }
    }
}

/// How many of something may be open at once.
fn how_many(key: &str, text: &str) -> Result<usize> {
    let many = text.parse().ok().filter(|many| CONNECTIONS.contains(many));
    many.with_context(|| {
        let (least, most) = CONNECTIONS.into_inner();
        format!("the setting {key:?} is a number from {least} to {most}")
    })
}

/// How what happens is written down.
fn log_format(text: &str) -> Result<LogFormat> {
    Ok(match text {
        "text" => LogFormat::Text,
        "json" => LogFormat::Json,
        other => bail!("the setting \"log_format\": {other:?} is neither text nor json"),
    })
}

/// Where to listen.
fn listen(text: &str) -> Result<SocketAddr> {
    let port = text.strip_prefix("localhost:");
    let address = port.map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    address.parse().with_context(|| {
        format!("the setting \"listen\": {address:?} is no address such as 127.0.0.1:4747")
    })
}

/// The plan of whoever was given none, and what each plan means here.
fn plans(plan: &str, rules: &[String]) -> Result<Plans> {
    let plan =
        Plan::named(plan).context("the setting \"plan\" is neither home nor personal nor team")?;
    let plans = rules.iter().try_fold(Plans::of(plan), |plans, rule| plans.with(rule));
    plans.context("the setting \"quotas\"")
}

/// The rules of the door out. Where this server listens is told to it later.
fn outbound(all: &Said) -> Result<Rules> {
    let text = |key: &str| all.text(key).unwrap_or_else(|| table::default_of(key));
    let list = |key: &str| {
        let parts = text(key).split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect::<Vec<_>>()
    };
    let on = match text("outbound") {
        "on" => true,
        "off" => false,
        other => bail!("the setting \"outbound\": {other:?} is neither on nor off"),
    };
    let allow = list("outbound_allowed").into_iter().map(|text| text.parse::<Allowed>());
    let allow = allow.collect::<Result<_, _>>().context("the setting \"outbound_allowed\"")?;
    let port = |text: &String| {
        let port = text.parse::<u16>().ok().filter(|port| *port != 0);
        port.with_context(|| format!("the setting \"outbound_ports\": {text:?} is no port"))
    };
    let ports = list("outbound_ports").iter().map(port).collect::<Result<_>>()?;
    Ok(Rules { on, allow, ports, ..Rules::default() })
}

/// The bucket at `address`, with what the environment says of its server.
fn bucket(address: String, environment: &BTreeMap<String, String>) -> Bucket {
    let variables = environment.iter().filter(|(name, _)| name.starts_with(AWS));
    let variables = variables.map(|(name, text)| (name.clone(), text.clone())).collect();
    Bucket { address, variables }
}

/// Whether `address` is that of a PostgreSQL database.
pub(crate) fn is_postgres(address: &str) -> bool {
    POSTGRES.iter().any(|scheme| address.starts_with(scheme))
}

/// The data directory: as said, else where this person's programs keep their data.
fn data_of(said: &Said, environment: &BTreeMap<String, String>) -> PathBuf {
    let variable = |name: &str| environment.get(name).filter(|text| !text.is_empty());
    match (said.text("data"), variable("XDG_DATA_HOME"), variable("HOME")) {
        (Some(data), _, _) => PathBuf::from(data),
        (None, Some(home), _) => PathBuf::from(home).join("mindshelf"),
        (None, None, Some(home)) => PathBuf::from(home).join(".local/share/mindshelf"),
        (None, None, None) => PathBuf::from("mindshelf-data"),
    }
}

/// A hint at the setting that was meant, or the list of all.
fn nearest(key: &str) -> String {
    let alike = |setting: &&Setting| {
        let shared = setting.key.chars().zip(key.chars()).take_while(|(a, b)| a == b).count();
        shared >= 3 || setting.key.contains(key)
    };
    if let Some(setting) = SETTINGS.iter().find(alike) {
        return format!("; did you mean {:?}?", setting.key);
    }
    let keys: Vec<_> = SETTINGS.iter().map(|setting| setting.key).collect();
    format!("; there are {}", keys.join(", "))
}

#[cfg(test)]
mod tests;
