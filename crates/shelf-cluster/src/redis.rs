//! What may be forgotten at any time, on Redis.

mod limits;
mod presence;

pub use limits::RedisLimits;
pub use presence::RedisPresence;

use fred::clients::Client;
use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::Expiration;
use fred::types::config::{Config, ReconnectPolicy, UnresponsiveConfig};
use shelf_ports::Fault;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;

/// How addresses begin, plain and encrypted.
pub const SCHEMES: [&str; 2] = ["redis://", "rediss://"];
/// How long an answer may take; what takes longer is as absent.
const ANSWER_MAX: Duration = Duration::from_millis(100);
/// How long one try to reach the server may take.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How long the start of a process waits for a server that may be away.
const START_MAX: Duration = Duration::from_millis(500);
/// The pauses between tries to reach the server again, from the first to the longest.
const PAUSES_MS: (u32, u32) = (100, 5_000);
/// How long a value is kept, seconds: what is asked for is asked for within an hour.
const KEPT_S: i64 = 3_600;
/// The largest value that is kept, bytes.
const VALUE_BYTES_MAX: usize = 1 << 20;

/// Values by key that all processes share, as long as the server keeps them. Cloning shares it.
#[derive(Clone)]
pub struct Redis {
    client: Client,
    _connection: Arc<Connection>,
}

/// The task that reaches the server, now and again; it ends with the last who uses it.
struct Connection(AbortHandle);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl std::fmt::Debug for Redis {
    /// Nothing of the address: it may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redis(..)")
    }
}

impl Redis {
    /// Uses the server at `address`, such as `redis://127.0.0.1:6379`, or `rediss://…` where the
    /// way there is encrypted: the certificate has to be of an authority the system trusts.
    ///
    /// A server that is away is tried again and again, now and later: nothing waits for it but
    /// the start, for a moment. A fault is an address that is none.
    pub async fn open(address: &str) -> Result<Self, Fault> {
        if !SCHEMES.iter().any(|scheme| address.starts_with(scheme)) {
            let detail = format!("it begins with {}", SCHEMES.join(" or "));
            return Err(Fault::new("reading the address of Redis", detail));
        }
        // Another part of the program may have chosen already, the same.
        drop(tokio_rustls::rustls::crypto::ring::default_provider().install_default());
        let config = Config::from_url(address)
            .map_err(|error| Fault::new("reading the address of Redis", error))?;
        let mut builder = fred::types::Builder::from_config(config);
        builder
            .with_config(|config| config.fail_fast = false)
            .with_performance_config(|config| config.default_command_timeout = ANSWER_MAX)
            .with_connection_config(|config| {
                config.connection_timeout = WAIT_MAX;
                config.max_command_attempts = 1;
                let unresponsive = Some(Duration::from_secs(2));
                config.unresponsive =
                    UnresponsiveConfig { max_timeout: unresponsive, interval: ANSWER_MAX * 5 };
            })
            .set_policy(ReconnectPolicy::new_exponential(0, PAUSES_MS.0, PAUSES_MS.1, 2));
        let client = builder.build().map_err(|error| Fault::new("preparing Redis", error))?;
        let connection = Arc::new(Connection(client.connect().abort_handle()));
        // Whether the server is reached is asked by `is_up`.
        drop(tokio::time::timeout(START_MAX, client.wait_for_connect()).await);
        Ok(Self { client, _connection: connection })
    }

    /// Whether the server is reached now.
    pub fn is_up(&self) -> bool {
        self.client.is_connected()
    }

    /// The value of `key`, if there is one and the server says so in time.
    pub(crate) async fn value(&self, key: &str) -> Option<Vec<u8>> {
        if !self.is_up() {
            return None;
        }
        self.client.get::<Option<Vec<u8>>, _>(key).await.ok().flatten()
    }

    /// Keeps `value` under `key` for an hour, if the server does.
    pub(crate) async fn keep(&self, key: &str, value: Vec<u8>) {
        if !self.is_up() || value.len() > VALUE_BYTES_MAX {
            return;
        }
        let kept = self.client.set::<(), _, _>(
            key,
            value.as_slice(),
            Some(Expiration::EX(KEPT_S)),
            None,
            false,
        );
        if let Err(error) = kept.await {
            tracing::debug!(%error, "a value was not kept on Redis");
        }
    }
}
