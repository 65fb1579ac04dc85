//! The way of one request: hop after hop, each judged anew, until one is the answer.

use crate::body;
use crate::caps::Caps;
use crate::exchange::{Reply, exchange};
use crate::line::{Dial, Line, Stream, Tcp};
use crate::request::Request;
use crate::resolve::{Resolver, System};
use crate::rules::Rules;
use crate::target::Target;
use crate::tls::Tls;
use crate::turns::Turns;
use async_trait::async_trait;
use hyper::header::{HeaderMap, LOCATION};
use shelf_ports::Fault;
use shelf_ports::outbound::{
    Answer, Ask, Outbound, Redirects, Refusal, Trouble, Unanswered, Wanted,
};
use std::net::{IpAddr, SocketAddr};
use tokio::time::{Instant, timeout};

/// Addresses of one name that are tried.
const TRIED_MAX: usize = 4;

/// The door out, guarded by rules.
#[derive(Debug)]
pub struct Guard {
    pub(crate) rules: Rules,
    pub(crate) caps: Caps,
    pub(crate) resolver: Box<dyn Resolver>,
    pub(crate) dial: Box<dyn Dial>,
    pub(crate) tls: Tls,
    pub(crate) turns: Turns,
}

/// What one hop came to.
enum Step {
    Ended(Answer),
    Led { status: u16, location: String },
}

impl Guard {
    /// The door out by `rules`. Reads whom this machine trusts.
    pub fn new(rules: Rules) -> Result<Self, Fault> {
        let caps = Caps::default();
        let (resolver, dial) = (Box::new(System::default()), Box::new(Tcp));
        Ok(Self { rules, caps, resolver, dial, tls: Tls::of_machine()?, turns: Turns::new(&caps) })
    }

    /// One hop of `ask`.
    async fn hop(&self, request: &Request, ask: &Ask) -> Result<Step, Unanswered> {
        let wire = request.on_the_wire()?;
        let stream = self.connect(&request.target).await?;
        let reply = exchange(stream, wire, &self.caps).await?;
        let status = reply.response.status().as_u16();
        let location = location(reply.response.headers());
        match (status, location) {
            (301 | 302 | 303 | 307 | 308, Some(location)) if ask.redirects == Redirects::Follow => {
                Ok(Step::Led { status, location })
            }
            _ => Ok(Step::Ended(self.answer(reply, request, ask).await?)),
        }
    }

    async fn answer(
        &self,
        reply: Reply,
        request: &Request,
        ask: &Ask,
    ) -> Result<Answer, Unanswered> {
        let status = reply.response.status();
        let headers = texts(reply.response.headers());
        let body = match &ask.wanted {
            Wanted::Body(types) if status.is_success() => {
                body::read(reply, types, &ask.bounds, &self.caps).await?
            }
            _ => Vec::new(),
        };
        let url = request.target.url.to_string();
        Ok(Answer { status: status.as_u16(), headers, body, url, hops: 0 })
    }

    /// Connects to one of the places `target` leads to, all of which were judged.
    async fn connect(&self, target: &Target) -> Result<Box<dyn Stream>, Unanswered> {
        let mut places = self.places(target).await?;
        places.truncate(TRIED_MAX);
        let tries = u32::try_from(places.len()).unwrap_or(u32::MAX).max(1);
        let mut last = Trouble::Unreachable;
        for place in places {
            match timeout(self.caps.connect / tries, self.dial.dial(place)).await {
                Ok(Ok(line)) => return self.take(line, place, target).await,
                Ok(Err(_)) => last = Trouble::Unreachable,
                Err(_) => last = Trouble::TooSlow,
            }
        }
        Err(last.into())
    }

    /// All places `target` leads to. One that is refused refuses them all: whoever answers for a
    /// name with an inner address among others has no good reason.
    async fn places(&self, target: &Target) -> Result<Vec<SocketAddr>, Unanswered> {
        let found = match target.address() {
            Some(ip) => vec![ip],
            None => self.resolve(target).await?,
        };
        let places = found.into_iter().map(|ip| SocketAddr::new(ip, target.port));
        let places: Vec<SocketAddr> = places.collect();
        for place in &places {
            self.rules.judge_place(&target.host, *place)?;
        }
        Ok(places)
    }

    async fn resolve(&self, target: &Target) -> Result<Vec<IpAddr>, Trouble> {
        let name = target.host.to_string();
        let found = timeout(self.caps.dns, self.resolver.addresses(&name)).await;
        let found = found.map_err(|_| Trouble::TooSlow)?.map_err(|_| Trouble::NoSuchName)?;
        if found.is_empty() { Err(Trouble::NoSuchName) } else { Ok(found) }
    }

    /// Looks at both ends of `line` before anything is sent, and encrypts it where it should be.
    async fn take(
        &self,
        line: Line,
        place: SocketAddr,
        target: &Target,
    ) -> Result<Box<dyn Stream>, Unanswered> {
        if line.peer != place {
            return Err(Refusal::Place.into());
        }
        self.rules.judge_ends(&target.host, line.local, line.peer)?;
        if !target.secure {
            return Ok(line.stream);
        }
        let encrypted = timeout(self.caps.connect, self.tls.over(line.stream, target)).await;
        Ok(encrypted.map_err(|_| Trouble::TooSlow)??)
    }
}

#[async_trait]
impl Outbound for Guard {
    async fn send(&self, mut ask: Ask) -> Result<Answer, Unanswered> {
        if !self.rules.on {
            return Err(Refusal::Off.into());
        }
        let mut request = Request::first(&mut ask, &self.rules)?;
        let _inside = self.turns.enter()?;
        let mut left = self.caps.total.min(ask.bounds.total);
        for hops in 0..=self.caps.hops {
            let turn = self.turns.take(&request.target.host.to_string()).await?;
            let began = Instant::now();
            let step = timeout(left, self.hop(&request, &ask)).await;
            left = left.saturating_sub(began.elapsed());
            drop(turn);
            match step.map_err(|_| Trouble::TooSlow)?? {
                Step::Ended(answer) => return Ok(Answer { hops, ..answer }),
                Step::Led { status, location } => {
                    let target = request.target.led(&location, &self.rules)?;
                    request = request.led(status, target);
                }
            }
        }
        Err(Refusal::Hops.into())
    }
}

/// Where the headers lead.
fn location(headers: &HeaderMap) -> Option<String> {
    headers.get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The headers as texts.
fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
}
