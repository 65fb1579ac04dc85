//! Redis behind TLS: trusted by its certificate, and never without.

use crate::certificate::certificate;
use crate::deployment::{Deployment, until};
use serde_json::json;
use shelf_testkit::ground::has_program;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A server of its own, which nobody reaches in the clear.
struct Encrypted {
    server: Child,
    address: String,
    certificate: PathBuf,
}

impl Encrypted {
    fn start(dir: &Path) -> Self {
        let (certificate, key) = certificate(dir, "IP:127.0.0.1");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", "0", "--save", "", "--appendonly", "no"]);
        command.args(["--tls-auth-clients", "no", "--tls-port"]).arg(port.to_string());
        command.arg("--tls-cert-file").arg(&certificate).arg("--tls-key-file").arg(key);
        command.arg("--tls-ca-cert-file").arg(&certificate).current_dir(dir);
        let server = command.stdout(Stdio::null()).spawn().unwrap();
        Self { server, address: format!("rediss://127.0.0.1:{port}"), certificate }
    }
}

impl Drop for Encrypted {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cache_is_reached_by_tls_where_its_certificate_is_trusted() {
    if !["redis-server", "openssl"].iter().all(|program| has_program(program)) {
        return;
    }
    let Some(mut shelf) = Deployment::prepare().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let redis = Encrypted::start(dir.path());
    shelf.set("MINDSHELF_CACHE", redis.address.clone());
    shelf.start(&[("strange", "gateway")]).await;
    shelf.set("SSL_CERT_FILE", redis.certificate.display().to_string());
    shelf.start(&[("trusting", "gateway")]).await;
    let reached = async || {
        let health = shelf.process("trusting").health().await;
        (health["degraded"] == json!([])).then_some(())
    };
    until("the cache is reached", reached).await;
    let health = shelf.process("strange").health().await;
    assert_eq!(
        health["degraded"],
        json!(["cache", "limits"]),
        "a certificate of nobody is not trusted"
    );
    shelf.end().await;
}
