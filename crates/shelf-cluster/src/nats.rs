//! The bus on NATS: a process that wrote wakes the others. It carries hints alone: what a message
//! says is that something was written, by no name, and who misses it looks again by itself.

use crate::bell::Bell;
use async_nats::connection::State;
use async_nats::{Client, ConnectOptions, Event, Subscriber};
use futures::StreamExt;
use shelf_ports::Fault;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;

/// What hints are sent under.
const SUBJECT: &str = "mindshelf.stirred";
/// The pause after a hint, so that a stream of writes is a few hints a second and not each write.
const PAUSE: Duration = Duration::from_millis(20);
/// How long one try to reach the server may take.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Carries a bell to other processes until it is dropped.
#[derive(Debug)]
pub struct Nats {
    client: Client,
    tasks: [AbortHandle; 2],
}

impl Nats {
    /// Carries `bell` by the server at `address`, such as `nats://127.0.0.1:4222`; several with
    /// commas between are one cluster.
    ///
    /// A server that is away is tried again and again, now and later: nothing waits for it. A
    /// fault is an address that is none.
    pub async fn carry(bell: Arc<Bell>, address: &str) -> Result<Self, Fault> {
        let servers = address.split(',').map(str::trim).map(str::parse);
        let servers: Vec<async_nats::ServerAddr> = servers
            .collect::<Result<_, _>>()
            .map_err(|error| Fault::new("reading the address of NATS", error))?;
        let client = ConnectOptions::new()
            .name("mindshelf")
            .no_echo()
            .retry_on_initial_connect()
            .max_reconnects(None)
            .connection_timeout(WAIT_MAX)
            .event_callback(|event| async move { tell(&event) })
            .connect(servers)
            .await
            .map_err(|error| Fault::new("reaching NATS", error))?;
        let hints = client
            .subscribe(SUBJECT)
            .await
            .map_err(|error| Fault::new("listening to NATS", error))?;
        let sending = tokio::spawn(send(client.clone(), Arc::clone(&bell))).abort_handle();
        let hearing = tokio::spawn(hear(hints, bell)).abort_handle();
        Ok(Self { client, tasks: [sending, hearing] })
    }

    /// Whether a server is reached now.
    pub fn is_up(&self) -> bool {
        self.client.connection_state() == State::Connected
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// Sends a hint whenever this process wrote, until the client is closed.
async fn send(client: Client, bell: Arc<Bell>) {
    let mut is_open = true;
    while is_open {
        bell.rung().await;
        // A hint that is lost is only late: the others look again by themselves.
        if client.connection_state() == State::Connected {
            is_open = client.publish(SUBJECT, "".into()).await.is_ok();
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Wakes this process whenever another one wrote.
async fn hear(mut hints: Subscriber, bell: Arc<Bell>) {
    while hints.next().await.is_some() {
        bell.echo();
    }
}

fn tell(event: &Event) {
    match event {
        Event::Connected => tracing::info!("NATS is reached"),
        Event::Disconnected => tracing::warn!("NATS is away; hints wait, nothing is lost"),
        other => tracing::debug!(%other, "NATS"),
    }
}
