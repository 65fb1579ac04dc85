//! A wire to an engine that a test can cut, hold still and mend, while others use the engine.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How a wire is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Whole,
    Still,
    Cut,
}

/// A port of this machine that leads to another one.
#[derive(Debug)]
pub struct Wire {
    /// The port programs are told.
    pub port: u16,
    to: u16,
    state: watch::Sender<State>,
    carrying: JoinHandle<()>,
}

impl Wire {
    /// A whole wire to port `to` of this machine.
    pub async fn to(to: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (state, seen) = watch::channel(State::Whole);
        let carrying = tokio::spawn(carry(listener, to, seen));
        Self { port, to, state, carrying }
    }

    /// Ends every connection, and every new one at once: the engine is down.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Lets nothing pass any more, and nobody knows: the engine hangs.
    pub fn hold(&self) {
        self.state.send_replace(State::Still);
    }

    /// Makes it whole again; what was cut must be connected anew.
    pub fn mend(&self) {
        self.state.send_replace(State::Whole);
    }

    /// `url` with the port of the wire in place of its own.
    pub fn instead(&self, url: &str) -> String {
        url.replace(&format!(":{}", self.to), &format!(":{}", self.port))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

async fn carry(listener: TcpListener, to: u16, state: watch::Receiver<State>) {
    while let Ok((near, _)) = listener.accept().await {
        if *state.borrow() == State::Cut {
            continue;
        }
        let Ok(far) = TcpStream::connect(("127.0.0.1", to)).await else {
            continue;
        };
        let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
        tokio::spawn(pass(near_in, far_out, state.clone()));
        tokio::spawn(pass(far_in, near_out, state.clone()));
    }
}

/// Passes bytes on until one side ends or the wire is cut.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) {
    let mut cutting = state.clone();
    let passing = async {
        let mut bytes = vec![0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut bytes).await {
            if state.wait_for(|wire| *wire == State::Whole).await.is_err()
                || to.write_all(&bytes[..count]).await.is_err()
            {
                return;
            }
        }
    };
    tokio::select! {
        () = passing => {}
        _ = cutting.wait_for(|wire| *wire == State::Cut) => {}
    }
}
