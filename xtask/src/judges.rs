//! The outside judges of the interface: programs of others read its document and question
//! the real server on loopback. What is judged by which, and what they may not ask, is here.

mod server;
mod tools;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::console;
use crate::steps::Desk;
use server::Server;
pub(crate) use server::built;
use tools::Tools;

/// The document of the interface.
const DOCUMENT: &str = "docs/openapi.json";
/// How the linter is to judge.
const LINT: &str = "xtask/judges/redocly.yaml";
/// A receiver of webhooks by the convention's own library.
const RECEIVER: &str = "xtask/judges/webhooks.py";
/// A client of OAuth by a library of others.
const CLIENT: &str = "xtask/judges/oauth.mjs";
/// An organisation whose people come by an identity provider of others.
const GUILD: &str = "xtask/judges/sso.mjs";
/// The audits of GraphQL over HTTP, and a client of its subscriptions.
const GRAPH: &str = "xtask/judges/graphql.mjs";
/// Clients made for other servers whose interfaces are answered too.
const LINKDING: &str = "xtask/judges/linkding.py";
const KARAKEEP: &str = "xtask/judges/karakeep.py";
/// A client of sync in another language, written from its description alone.
const SYNC: &str = "xtask/judges/sync.py";
/// Lets each question come from an address of its own.
const STRANGERS: &str = "xtask/judges/strangers.py";
/// Requests a property is tried with, for each operation.
const EXAMPLES: &str = "20";
/// Whatever is drawn is drawn alike in every run.
const SEED: &str = "1";
/// Ends the token the judge itself asks with, so it is asked last and alone.
const LAST: &str = "revoke_token";
/// Puts the judge itself on a plan that bounds how much it may ask, so it is asked just before that.
const BOUNDING: &str = "give_plan";
/// What is not asked. Whether every request that fits the document is taken: a document cannot say
/// which cursor, key or id there is. Whether what was deleted is gone: it is in the trash.
const NOT_ASKED: &str = "positive_data_acceptance,use_after_free";
/// Seconds one answer may take.
const ANSWER_SECONDS: &str = "20";

/// The document is a valid `OpenAPI` 3.1 document, and a linter finds no error in it.
pub fn document(desk: &Desk) -> Result<()> {
    let tools = Tools::ready(desk)?;
    let (document, lint) = (desk.repo.root().join(DOCUMENT), desk.repo.root().join(LINT));
    heard("validator", tools.python("openapi-spec-validator").arg(&document))?;
    let mut linter = tools.node("redocly");
    heard("linter", linter.arg("lint").arg(&document).arg("--config").arg(lint))
}

/// The served document is true: no operation fails, or answers what it does not say, or takes
/// what it says is wrong.
pub fn interface(desk: &Desk) -> Result<()> {
    let tools = Tools::ready(desk)?;
    // The tester has addresses told that it made up.
    let server = Server::start(desk, ("MINDSHELF_OUTBOUND", "off"))?;
    let strangers = desk.repo.root().join(STRANGERS);
    let all_else = ["--exclude-operation-id", LAST, "--exclude-operation-id", BOUNDING];
    let outcome = questioned(&tools, &server, &strangers, &all_else)
        .and_then(|()| {
            questioned(&tools, &server, &strangers, &["--include-operation-id", BOUNDING])
        })
        .and_then(|()| questioned(&tools, &server, &strangers, &["--include-operation-id", LAST]));
    outcome.with_context(|| format!("the server said:\n{}", server.log()))
}

/// What the server posts to a receiver is taken by the library of the convention it follows, and
/// nothing else is.
pub fn webhooks(desk: &Desk) -> Result<()> {
    let tools = Tools::ready(desk)?;
    let place = place()?;
    let server = Server::start(desk, ("MINDSHELF_OUTBOUND_ALLOWED", &place.to_string()))?;
    let mut receiver = tools.python("python3");
    receiver.arg(desk.repo.root().join(RECEIVER)).args([server.address(), server.token()]);
    receiver.args([&server.library()?, &place.port().to_string()]);
    let outcome = heard("receiver of webhooks", &mut receiver);
    outcome.with_context(|| format!("the server said:\n{}", server.log()))
}

/// A strict client of OAuth 2.1 is let in each way there is, and a thief in none.
pub fn programs(desk: &Desk) -> Result<()> {
    let tools = Tools::ready(desk)?;
    let server = Server::start(desk, ("MINDSHELF_OUTBOUND", "off"))?;
    let mut client = tools.script(&desk.repo.root().join(CLIENT));
    client.args([server.address(), server.token(), &server.link()?]);
    let outcome = heard("client of OAuth", &mut client);
    outcome.with_context(|| format!("the server said:\n{}", server.log()))
}

/// People of an organisation come in by a certified identity provider of others, as what that says,
/// and nobody by what is not theirs, is over or is not what it says.
pub fn single_sign_on(desk: &Desk) -> Result<()> {
    let tools = Tools::ready(desk)?;
    let place = place()?;
    let server = Server::start(desk, ("MINDSHELF_OUTBOUND_ALLOWED", &place.to_string()))?;
    let mut guild = tools.script(&desk.repo.root().join(GUILD));
    guild.args([server.address(), server.token(), &place.port().to_string()]);
    guild.arg(server.records()).arg(server.link()?);
    let outcome = heard("identity provider", &mut guild);
    outcome.with_context(|| format!("the server said:\n{}", server.log()))
}

/// GraphQL travels as the specification says, by its own audits, and a client of others is told
/// what goes on, and why a socket is closed.
pub fn graphql(desk: &Desk) -> Result<()> {
    let tools = Tools::ready(desk)?;
    let server = Server::start(desk, ("MINDSHELF_OUTBOUND", "off"))?;
    let mut client = tools.script(&desk.repo.root().join(GRAPH));
    client.args([server.address(), server.token(), &server.library()?]);
    let outcome = heard("client of GraphQL", &mut client);
    outcome.with_context(|| format!("the server said:\n{}", server.log()))
}

/// A client that was made for linkding is served under its interface as it was there.
pub fn linkding(desk: &Desk) -> Result<()> {
    served(desk, "client of linkding", LINKDING)
}

/// A client that was made for Karakeep takes the answers of the part of its interface there is.
pub fn karakeep(desk: &Desk) -> Result<()> {
    served(desk, "client of Karakeep", KARAKEEP)
}

/// A client of sync in another language ends with what the server has, whatever it did offline.
pub fn sync(desk: &Desk) -> Result<()> {
    let tools = Tools::ready(desk)?;
    let server = Server::start(desk, ("MINDSHELF_OUTBOUND", "off"))?;
    let mut client = tools.python("python3");
    // Its modules lie in the repository, in which nothing is to be written.
    client.env("PYTHONDONTWRITEBYTECODE", "1").arg(desk.repo.root().join(SYNC));
    client.args([server.address(), server.token(), &server.library()?]);
    let outcome = heard("client of sync", &mut client);
    outcome.with_context(|| format!("the server said:\n{}", server.log()))
}

/// Asks the server by a client of another one, which `script` drives.
fn served(desk: &Desk, name: &str, script: &str) -> Result<()> {
    let tools = Tools::ready(desk)?;
    let server = Server::start(desk, ("MINDSHELF_OUTBOUND", "off"))?;
    let mut client = tools.app("python3");
    client.arg(desk.repo.root().join(script)).args([server.address(), server.token()]);
    let outcome = heard(name, &mut client);
    outcome.with_context(|| format!("the server said:\n{}", server.log()))
}

/// The modules from Node's registry, installed: what reads types is among them.
pub(crate) fn modules(desk: &Desk) -> Result<PathBuf> {
    Ok(tools::from_node(desk)?.join("node_modules"))
}

/// Where on loopback a judge may listen; whoever takes the port meanwhile makes it fail, not pass.
fn place() -> Result<SocketAddr> {
    let place = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    place.context("there is no port to listen on")
}

/// Asks the operations `which` names by the property tester.
fn questioned(tools: &Tools, server: &Server, strangers: &Path, which: &[&str]) -> Result<()> {
    let mut tester = tools.python("schemathesis");
    tester.env("SCHEMATHESIS_HOOKS", strangers);
    tester.current_dir(server.folder()).arg("--config-file").arg(server.configuration()?);
    tester.args(["run", &format!("{}/openapi.json", server.address())]);
    tester.args(["--header", &format!("Authorization: Bearer {}", server.token())]);
    tester.args(["--checks", "all", "--exclude-checks", NOT_ASKED]);
    tester.args(["--max-examples", EXAMPLES, "--seed", SEED, "--workers", "1", "--no-color"]);
    tester.args(["--continue-on-failure", "--suppress-health-check", "all"]);
    tester.args(["--request-timeout", ANSWER_SECONDS]).args(which);
    heard("property tester", &mut tester)
}

/// Runs a judge; its last line is printed, and all it said when it is not content.
fn heard(name: &str, command: &mut Command) -> Result<()> {
    let program = Path::new(command.get_program()).display().to_string();
    let answer = command.output().with_context(|| format!("cannot run {program}"))?;
    let said = String::from_utf8_lossy(&answer.stdout).into_owned()
        + &String::from_utf8_lossy(&answer.stderr);
    ensure!(answer.status.success(), "the {name} is not content:\n{said}");
    let last = said.lines().rfind(|line| line.chars().any(char::is_alphanumeric));
    console::say(format!("  {name}: {}", last.unwrap_or_default().trim_matches([' ', '='])));
    Ok(())
}
