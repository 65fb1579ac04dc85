//! Connections to PostgreSQL are encrypted as the address asks, to the server it means alone.

use shelf_cluster::postgres::Postgres;
use shelf_testkit::ground::{Ground, connect, has_program};
use std::error::Error;
use std::fs::read_to_string;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio_postgres::{Client, Config};

/// The name the server's certificate is for.
const NAME: &str = "db.example";
/// What the server is told, beside how roles sign in.
const SETTINGS: [&str; 3] = ["ssl", "ssl_cert_file", "ssl_key_file"];
/// How long the server may take to do as it is told.
const WAIT_MAX: Duration = Duration::from_secs(10);
const IS_ENCRYPTED: &str = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
    WHERE application_name = $1";

/// The server of a fresh database, without TLS until it is told.
struct Server {
    ground: Ground,
    admin: Client,
    port: u16,
    /// The name of the database and of its role.
    name: String,
    /// What the files beside its data are called.
    file: String,
}

impl Server {
    async fn of(ground: Ground) -> Self {
        let config: Config = ground.direct_url.parse().unwrap();
        let name = config.get_dbname().unwrap().to_owned();
        let admin = connect(&ground.admin_url).await;
        let file = format!("{name}.tls");
        Self { ground, admin, port: config.get_ports()[0], name, file }
    }

    /// Whether the server says that what opens at `host`, by `asked`, is encrypted; otherwise why
    /// nothing opens.
    async fn is_encrypted(&self, host: &str, asked: &str) -> Result<bool, String> {
        let (name, port) = (&self.name, self.port);
        let url = format!(
            "postgres://{name}:{name}@{host}:{port}/{name}?hostaddr=127.0.0.1&{asked}\
             &application_name={name}"
        );
        let store = Postgres::open(&url).await.map_err(|fault| {
            assert!(!fault.is_away(), "{fault:?} does not end by itself");
            let causes =
                std::iter::successors(Some(&fault as &dyn Error), |error| (*error).source());
            causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
        })?;
        let rows = self.admin.query(IS_ENCRYPTED, &[name]).await.unwrap();
        drop(store);
        let seen: Vec<bool> = rows.iter().map(|row| row.get(0)).collect();
        self.gone(name).await;
        assert_eq!(seen.len(), 1, "one connection is open");
        Ok(seen[0])
    }

    /// Waits until what called itself `name` is gone.
    async fn gone(&self, name: &String) {
        let gone = async {
            while !self.admin.query(IS_ENCRYPTED, &[name]).await.unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(WAIT_MAX, gone).await.unwrap();
    }

    /// Runs `shell` as the server's own user, beside its data, on `lines`.
    async fn run(&self, shell: &str, lines: &str) {
        let lines = format!("SELECT unnest(string_to_array('{lines}', E'\\n'))");
        self.tell(&format!("COPY ({lines}) TO PROGRAM '{shell}'")).await;
    }

    async fn tell(&self, sql: &str) {
        self.admin.batch_execute(sql).await.unwrap();
    }

    /// Reads the settings again and waits until `ssl` is `state`.
    async fn reload(&self, state: &str) {
        self.tell("SELECT pg_reload_conf()").await;
        let told = async {
            while self.admin.query_one("SHOW ssl", &[]).await.unwrap().get::<_, &str>(0) != state {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(WAIT_MAX, told).await.unwrap();
    }

    /// Offers TLS by the certificate at `path`, and asks our role alone for its password there. The
    /// server writes the files itself: it uses no key that another could read.
    async fn encrypt(&self, path: &Path) {
        self.tell("ALTER SYSTEM SET ssl = off").await;
        self.reload("off").await;
        let (name, file) = (&self.name, &self.file);
        for end in ["pem", "key"] {
            let text = read_to_string(path.with_extension(end)).unwrap();
            self.run(&format!("umask 077; cat > {file}.{end}"), &text).await;
        }
        let line = format!("hostssl {name} {name} 127.0.0.1/32 scram-sha-256");
        self.run(&format!("cat > /dev/null; sed -i \"1i {line}\" pg_hba.conf"), "").await;
        let values = ["on".to_owned(), format!("{file}.pem"), format!("{file}.key")];
        for (setting, value) in SETTINGS.iter().zip(values) {
            self.tell(&format!("ALTER SYSTEM SET {setting} = '{value}'")).await;
        }
        self.reload("on").await;
    }

    /// Leaves the server as it was.
    async fn end(self) {
        for setting in SETTINGS {
            self.tell(&format!("ALTER SYSTEM RESET {setting}")).await;
        }
        let (name, file) = (&self.name, &self.file);
        let undo =
            format!("sed -i \"/^hostssl {name} /d\" pg_hba.conf; rm -f {file}.pem {file}.key");
        self.run(&format!("cat > /dev/null; {undo}"), "").await;
        self.reload("off").await;
        drop(self.admin);
        self.ground.end().await;
    }
}

/// Two authorities, the server's certificate by the first, one of version 1 with the same key, and
/// a file with both authorities.
fn certificates() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let openssl = |words: &[&str]| {
        let made = Command::new("openssl").args(words).current_dir(&dir).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let make = |name: &str, more: &[&str]| {
        let [key, pem] = ["key", "pem"].map(|end| format!("{name}.{end}"));
        let subject = format!("/CN={name}");
        let start = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
        let to = ["-nodes", "-days", "2", "-keyout", &key, "-out", &pem, "-subj", &subject];
        openssl(&[start.as_slice(), &to, more].concat());
    };
    make("ours", &[]);
    make("other", &[]);
    let alternative = format!("subjectAltName=DNS:{NAME}");
    let usage = "basicConstraints=critical,CA:FALSE";
    let by_ours = ["-CA", "ours.pem", "-CAkey", "ours.key", "-addext", &alternative];
    make("server", &[by_ours.as_slice(), &["-addext", usage]].concat());
    // As PostgreSQL's own handbook makes one; rustls reads no such certificate.
    openssl(&["req", "-new", "-key", "server.key", "-subj", "/CN=old", "-out", "old.csr"]);
    let sign = ["x509", "-req", "-in", "old.csr", "-days", "2", "-out", "old.pem"];
    openssl(&[sign.as_slice(), &["-signkey", "server.key"]].concat());
    std::fs::copy(dir.path().join("server.key"), dir.path().join("old.key")).unwrap();
    let [ours, other] = ["ours", "other"].map(|name| dir.path().join(format!("{name}.pem")));
    let both = [read_to_string(other).unwrap(), read_to_string(ours).unwrap()].concat();
    std::fs::write(dir.path().join("both.pem"), both).unwrap();
    dir
}

#[tokio::test]
async fn connections_are_encrypted_as_asked_and_only_to_the_server_that_was_meant() {
    if !has_program("openssl") {
        return;
    }
    let Some(ground) = Ground::one().await else { return };
    let (dir, server) = (certificates(), Server::of(ground).await);
    let roots = |name: &str| format!("sslrootcert={}/{name}.pem", dir.path().display());
    let full = |name: &str| format!("sslmode=verify-full&{}", roots(name));

    let none_offered = server.is_encrypted(NAME, "sslmode=require").await;
    let plain = server.is_encrypted(NAME, "sslmode=prefer").await;
    server.encrypt(&dir.path().join("old.pem")).await;
    let old = server.is_encrypted(NAME, "sslmode=prefer").await;
    let old_checked = server.is_encrypted(NAME, &full("ours")).await;
    server.encrypt(&dir.path().join("server.pem")).await;
    let bound = format!("{}&channel_binding=require", full("both"));
    let right = server.is_encrypted(NAME, &bound).await;
    let verified = format!("sslmode=require&{}", roots("ours"));
    let required = server.is_encrypted(NAME, &verified).await;
    let stranger = server.is_encrypted(NAME, &full("other")).await;
    let by_system = server.is_encrypted(NAME, "sslmode=require").await;
    let elsewhere = server.is_encrypted("other.example", &full("ours")).await;
    let disabled = server.is_encrypted(NAME, "sslmode=disable").await;
    let preferred = server.is_encrypted(NAME, "channel_binding=require").await;
    // Only now: a test that stops must not leave the server with TLS.
    server.end().await;

    assert!(none_offered.unwrap_err().contains("server does not support TLS"));
    assert_eq!(plain, Ok(false), "it goes on without TLS where none is offered");
    assert_eq!(old, Ok(true), "what cannot be read cannot be checked, and was not to be");
    assert!(old_checked.unwrap_err().contains("certificate"));
    assert_eq!(right, Ok(true), "the password is bound to the certificate, too");
    assert_eq!(required, Ok(true));
    let stranger = stranger.unwrap_err();
    assert!(stranger.contains("invalid peer certificate: UnknownIssuer"), "{stranger}");
    assert!(by_system.unwrap_err().contains("certificate"), "the system knows no such authority");
    let elsewhere = elsewhere.unwrap_err();
    assert!(elsewhere.contains("certificate not valid for name \"other.example\""), "{elsewhere}");
    assert_eq!(disabled, Ok(false));
    assert_eq!(preferred, Ok(true), "where nothing is demanded, nothing is checked");
}
