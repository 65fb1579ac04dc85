//! `mindshelf audit`: take the audit log elsewhere, and tell whether one holds.

use crate::config::Settings;
use crate::console;
use crate::reach::{Reached, reach};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use shelf_client::AuditRecord;
use shelf_domain::audit::{Chain, Deed, Record, Sealed};
use shelf_domain::id::{ItemId, TenantId};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The format that stands on the first line of a file.
const FORMAT: &str = "mindshelf.audit.1";

/// What to do with the audit log.
#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write the log to standard output, one record a line.
    Export {
        /// Whose log, by id or name; that of your own tenant, if not said.
        #[arg(long, value_name = "TEAM")]
        team: Option<String>,
    },
    /// Follow the log from its beginning: was any record changed, taken out, put in or cut off?
    Verify {
        /// Whose log, by id or name; that of your own tenant, if not said.
        #[arg(long, value_name = "TEAM", conflicts_with = "file")]
        team: Option<String>,
        /// An exported file, which is followed here, without a server.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// What an earlier `verify` printed last: it must still be in the log.
        #[arg(long, value_name = "N:SEAL")]
        seal: Option<String>,
    },
}

/// The first line of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: String,
    tenant: TenantId,
}

/// Does it.
pub(super) async fn audit(settings: &Settings, audit: Audit) -> Result<()> {
    match audit.what {
        What::Verify { file: Some(file), seal, .. } => verify_file(&file, seal.as_deref()),
        What::Verify { team, seal, file: None } => {
            let reached = reach(settings).await?;
            let tenant = tenant_of(&reached, team.as_deref()).await?;
            let told = reached.client.check_audit(tenant, seal.as_deref()).await?;
            reached.end().await;
            match told.problem {
                Some(problem) => bail!("the log does not hold: {problem}"),
                None => said(told.records, &told.seal),
            }
            Ok(())
        }
        What::Export { team } => {
            let reached = reach(settings).await?;
            let tenant = tenant_of(&reached, team.as_deref()).await?;
            export(&reached, tenant).await?;
            reached.end().await;
            Ok(())
        }
    }
}

async fn tenant_of(reached: &Reached, team: Option<&str>) -> Result<TenantId> {
    let tenants = reached.client.tenants().await?;
    let mut fits = tenants.iter().filter(|tenant| match team {
        Some(said) => tenant.name == said || tenant.id.to_string() == said,
        None => true,
    });
    match (fits.next(), fits.next()) {
        (Some(one), None) => Ok(one.id),
        (Some(first), Some(_)) if team.is_none() => Ok(first.id),
        (None, _) => bail!("there is no such team: {}", team.unwrap_or_default()),
        (Some(_), Some(_)) => bail!("several teams have this name; say the id of one"),
    }
}

async fn export(reached: &Reached, tenant: TenantId) -> Result<()> {
    console::say(serde_json::to_string(&Head { format: FORMAT.to_owned(), tenant })?);
    let mut cursor: Option<String> = None;
    loop {
        let (records, next) = reached.client.audit(tenant, cursor.as_deref()).await?;
        for record in &records {
            console::say(serde_json::to_string(record)?);
        }
        match next {
            Some(next) => cursor = Some(next),
            None => return Ok(()),
        }
    }
}

/// Follows a file line by line.
fn verify_file(path: &Path, seal: Option<&str>) -> Result<()> {
    let known = seal.map(shelf_identity::audit::known_seal).transpose().map_err(|refused| {
        anyhow::anyhow!("--seal is not what `audit verify` prints: {}", refused.detail)
    })?;
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = BufReader::new(file).lines();
    let head = lines.next().context("the file is empty")??;
    let head: Head = serde_json::from_str(&head).context("line 1 is not that of an audit log")?;
    if head.format != FORMAT {
        bail!("line 1 names the format {:?}; this program reads {FORMAT}", head.format);
    }
    let mut chain = Chain::of(head.tenant);
    let mut met = known.is_none();
    for (at, line) in lines.enumerate() {
        let named = || format!("line {} is no record of an audit log", at + 2);
        let record: AuditRecord = serde_json::from_str(&line?).with_context(named)?;
        let sealed = sealed(record).with_context(named)?;
        chain
            .follow(&sealed)
            .map_err(|broken| anyhow::anyhow!("the log does not hold: {broken}"))?;
        met |= known == Some((chain.n, chain.seal));
    }
    if !met {
        bail!("the log does not hold: the seal it had before is not in it");
    }
    said(chain.n, &format!("{}:{}", chain.n, chain.seal));
    Ok(())
}

fn said(records: u64, seal: &str) {
    console::warn(format!("The log holds: {records} records. Keep the last seal elsewhere:"));
    console::say(seal);
}

/// The record as it was sealed.
fn sealed(told: AuditRecord) -> Option<Sealed> {
    let at = OffsetDateTime::parse(&told.at, &Rfc3339).ok()?;
    let record = Record {
        at: i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok()?,
        deed: Deed::named(&told.deed)?,
        person: told.person,
        grant: told.grant,
        subject: told.subject.map(ItemId::to_bytes),
        detail: told.detail,
    };
    Some(Sealed { n: told.number, record, seal: told.seal.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// A file of three records, with `change` made to its lines.
    fn file(change: impl Fn(&mut Vec<String>)) -> tempfile::NamedTempFile {
        let tenant = TenantId::from_bytes([7; 16]);
        let mut chain = Chain::of(tenant);
        let mut lines =
            vec![serde_json::to_string(&Head { format: FORMAT.to_owned(), tenant }).unwrap()];
        for n in 0..3_u8 {
            let record = Record {
                at: 1_790_000_000_000 + i64::from(n),
                deed: Deed::RoleChanged,
                person: shelf_domain::id::PersonId::from_bytes([1; 16]),
                grant: None,
                subject: Some([n; 16]),
                detail: "admin".to_owned(),
            };
            let sealed = chain.put(record);
            let told = serde_json::json!({
                "number": sealed.n, "at": format!("2026-09-21T14:13:20.00{n}Z"),
                "deed": "role_changed", "person": sealed.record.person, "grant": null,
                "subject": ItemId::from_bytes([n; 16]), "detail": "admin",
                "seal": sealed.seal.to_string(),
            });
            lines.push(told.to_string());
        }
        change(&mut lines);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "{}", lines.join("\n")).unwrap();
        file
    }

    fn told(change: impl Fn(&mut Vec<String>), seal: Option<&str>) -> Result<(), String> {
        let file = file(change);
        verify_file(file.path(), seal).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_holds_until_somebody_changes_it() {
        assert_eq!(told(|_| (), None), Ok(()));
        let changed = told(|lines| lines[2] = lines[2].replace("admin", "owner"), None);
        assert_eq!(changed.unwrap_err(), "the log does not hold: record 2 is not what was written");
        let missing = told(|lines| drop(lines.remove(1)), None);
        assert!(missing.unwrap_err().contains("record 1 is missing"));
        let torn = told(|lines| lines[3].truncate(9), None);
        assert_eq!(torn.unwrap_err(), "line 4 is no record of an audit log");
        let other = told(|lines| lines[0] = "{}".to_owned(), None);
        assert!(other.unwrap_err().contains("line 1"));
    }

    #[test]
    fn a_file_that_was_cut_off_is_told_by_a_seal_kept_elsewhere() {
        let last = std::cell::RefCell::new(String::new());
        let keep = |lines: &mut Vec<String>| {
            let record: AuditRecord = serde_json::from_str(&lines[3]).unwrap();
            *last.borrow_mut() = format!("3:{}", record.seal);
        };
        assert_eq!(told(keep, None), Ok(()));
        let seal = last.borrow().clone();
        assert_eq!(told(|_| (), Some(&seal)), Ok(()));
        let cut = told(|lines| lines.truncate(3), Some(&seal));
        assert!(cut.unwrap_err().contains("not in it"));
        assert!(told(|_| (), Some("3")).unwrap_err().contains("--seal"));
    }
}
