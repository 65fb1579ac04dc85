//! The command line: what there is, and how each command ends.

mod add;
mod admin;
mod audit;
mod backup;
mod doctor;
mod export;
mod import;
mod key;
mod link;
mod login;
mod move_to;
mod privacy;
mod program;
mod rebuild;
mod search;
mod sync;
mod token;
mod watch;
mod webhook;

use crate::config::{Said, Settings};
use crate::{console, serve, telemetry};
use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Threads that run requests; the rest wait for disks on threads that come and go.
const WORKERS: usize = 2;
/// Threads that may wait for disks at once.
const WAITERS_MAX: usize = 16;

/// What the process was given from outside, gathered once.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// The command line, the program's own name first.
    pub arguments: Vec<OsString>,
    /// The environment; variables that are no text are left out.
    pub environment: BTreeMap<String, String>,
}

impl Outside {
    /// What this process was given.
    pub fn of_this_process() -> Self {
        let text = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self {
            arguments: std::env::args_os().collect(),
            environment: std::env::vars_os().filter_map(text).collect(),
        }
    }
}

/// Keeps what you save where you can find it.
#[derive(Debug, Parser)]
#[command(name = "mindshelf", version, propagate_version = true)]
#[command(
    after_help = "Every setting is also a variable MINDSHELF_… and a line in mindshelf.toml \
                        in the data directory; docs/OPERATIONS.md lists them."
)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

/// Settings that may stand anywhere on the line.
#[derive(Debug, Args)]
struct Flags {
    /// The directory everything is kept in.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<String>,
    /// Read settings from this file.
    #[arg(long, global = true, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Use this server instead of the data directory.
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// The token to show to that server.
    #[arg(
        long,
        global = true,
        value_name = "T",
        hide_env_values = true,
        allow_hyphen_values = true
    )]
    token: Option<String>,
    /// Name or id of the library to work on; the oldest one, if not said.
    #[arg(long, global = true, value_name = "NAME")]
    library: Option<String>,
    /// What to log, such as `info` or `mindshelf=debug`.
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// How to log: `text` or `json`.
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server: pages, REST interface, followers.
    Serve(Serve),
    /// Save a bookmark.
    Add(add::Add),
    /// Import a file: HTML of any browser, JSON of Chrome, Firefox, `MindShelf`, its archives, CSV.
    Import(import::Import),
    /// Search by words and by meaning.
    Search(search::Search),
    /// Write the whole library.
    Export(export::Export),
    /// Keep a replica of a library on this machine, and use it without a connection.
    Sync(sync::Syncing),
    /// Print what changes in a library as it comes.
    Watch(watch::Watch),
    /// Make, list and end tokens for programs.
    Token(token::Token),
    /// Decide which programs are told what happens in a library.
    Webhook(webhook::Webhook),
    /// Let this machine in to a server, by a code typed in a browser.
    Login(login::Login),
    /// Hand back what this machine was let in with.
    Logout,
    /// Register, list and remove programs people may let in.
    Program(program::Program),
    /// Take everything out as one signed file, check it, or have all of it erased.
    Privacy(privacy::Privacy),
    /// Take the audit log elsewhere, and tell whether one holds.
    Audit(audit::Audit),
    /// Say who runs the server.
    Admin(admin::Admin),
    /// Make a new one-time sign-in link.
    #[command(alias = "sign-in")]
    Link,
    /// Say how everything stands, with advice.
    Doctor(doctor::Doctor),
    /// Build lists and indexes again from the log.
    Rebuild,
    /// Make the root key that processes which share a database need, or replace the one there is.
    Key(key::Key),
    /// Write everything into one file, as of one moment; a server may run meanwhile.
    Backup(backup::Backup),
    /// Bring back what a backup holds, into an empty data directory or database.
    Restore(backup::Restore),
    /// Carry everything to another data directory, or to `PostgreSQL` and back.
    Move(move_to::Move),
}

#[derive(Debug, Args)]
struct Serve {
    /// The address to listen on.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// What this process does: `gateway`, `sync`, `bookmarks`, `courier`, `keeper` or `all`; several with
    /// commas.
    #[arg(long, value_name = "ROLES")]
    role: Option<String>,
}

/// Runs the command; 0 is success, 1 a failure, 2 a command line or setting that is wrong.
pub fn run(outside: &Outside) -> ExitCode {
    let cli = match Cli::try_parse_from(&outside.arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // What was asked for, such as help, goes to standard output.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let settings = said(&cli).and_then(|said| {
        let file = cli.flags.settings.as_deref();
        let settings = Settings::read(&outside.environment, said, file)?;
        telemetry::log(&settings)?;
        Ok(settings)
    });
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => {
            console::warn(format!("mindshelf: {error:#}"));
            return ExitCode::from(2);
        }
    };
    match start(cli.command, &settings) {
        Ok(code) => code,
        Err(error) => {
            console::warn(format!("mindshelf: {}", told(&error)));
            ExitCode::FAILURE
        }
    }
}

/// What the command line says of settings.
fn said(cli: &Cli) -> Result<Said> {
    let (listen, role) = match &cli.command {
        Command::Serve(serve) => (serve.listen.as_ref(), serve.role.as_ref()),
        _ => (None, None),
    };
    let flags = &cli.flags;
    let given = [
        ("data", flags.data.as_ref()),
        ("listen", listen),
        ("role", role),
        ("server", flags.server.as_ref()),
        ("token", flags.token.as_ref()),
        ("library", flags.library.as_ref()),
        ("log", flags.log.as_ref()),
        ("log_format", flags.log_format.as_ref()),
    ];
    let mut said = Said::default();
    for (key, text) in given {
        if let Some(text) = text {
            said.put(key, text.clone())?;
        }
    }
    Ok(said)
}

fn start(command: Command, settings: &Settings) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(WAITERS_MAX)
        .thread_keep_alive(std::time::Duration::from_secs(5))
        .enable_all()
        .build()
        .context("cannot start")?;
    let code = runtime.block_on(dispatch(command, settings));
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    code
}

async fn dispatch(command: Command, settings: &Settings) -> Result<ExitCode> {
    let done = match command {
        Command::Serve(_) => serve::serve(settings).await,
        Command::Add(add) => add::add(settings, add).await,
        Command::Import(import) => return import::import(settings, import).await,
        Command::Search(search) => search::search(settings, search).await,
        Command::Export(export) => export::export(settings, export).await,
        Command::Sync(how) => sync::sync(settings, how).await,
        Command::Watch(how) => watch::watch(settings, how).await,
        Command::Token(token) => token::token(settings, token).await,
        Command::Webhook(what) => webhook::webhook(settings, what).await,
        Command::Program(program) => program::program(settings, program).await,
        Command::Link => link::link(settings).await,
        Command::Login(how) => login::login(settings, how).await,
        Command::Logout => login::logout(settings).await,
        Command::Doctor(doctor) => return doctor::doctor(settings, doctor).await,
        Command::Rebuild => rebuild::rebuild(settings).await,
        Command::Key(what) => key::key(settings, what).await,
        Command::Backup(backup) => backup::backup(settings, backup).await,
        Command::Restore(restore) => backup::restore(settings, restore).await,
        Command::Privacy(what) => return privacy::privacy(settings, what).await,
        Command::Audit(what) => audit::audit(settings, what).await,
        Command::Admin(what) => admin::admin(settings, what).await,
        Command::Move(to) => move_to::move_to(settings, to).await,
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// An error with its causes and, where there is one, the remedy of its code.
fn told(error: &anyhow::Error) -> String {
    let mut text = format!("{error:#}");
    let asked = error.downcast_ref::<shelf_client::ClientFailure>().and_then(|error| error.code());
    let kept = || error.downcast_ref::<shelf_replica::ReplicaFailure>()?.code();
    let code = asked.or_else(kept);
    let codes = shelf_domain::refusal::Code::ALL;
    if let Some(code) = codes.into_iter().find(|known| Some(known.name()) == code) {
        text.push_str("; ");
        text.push_str(code.remedy());
    }
    text
}
