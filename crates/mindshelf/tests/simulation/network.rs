//! The network: what is under way between devices and the server comes in any order, late, twice or
//! never, and an answer may be lost after its request had its effect.

use crate::trace::digits;
use crate::wire::{Letter, Reply, Told};
use crate::world::World;
use std::time::Duration;

/// How much time goes by when a device that waits is woken: the longest of its waits.
const NAP_MS: u32 = 121_000;

/// Something under way.
#[derive(Debug)]
pub(crate) struct Parcel {
    /// The device that asks.
    pub(crate) who: usize,
    /// Which of its lives asks; a later one does not listen.
    life: u64,
    letter: Letter,
    /// The answer, on its way back.
    pub(crate) reply: Option<Reply>,
    /// Whether it was sent once more on its way: nobody listens to the answer.
    is_again: bool,
}

impl World {
    /// Leads the sync of a device on, as far as it goes by itself.
    pub(crate) fn poll(&mut self, who: usize) {
        let machine = &mut self.machines[who];
        if let Some(done) = machine.poll(&self.waits) {
            let standing = machine.replica().standing();
            let told = match done {
                Ok(synced) => format!("{synced:?}"),
                Err(failure) => failure.to_string(),
            };
            let waits = standing.waiting + standing.answered;
            self.trace.note(format!("{who} ends: {told}; at {}, {waits} wait", standing.seq));
        } else if let Some(letter) = machine.wire.asked() {
            machine.asks = true;
            let asks = format!("{who} asks: {} {}", letter.method, letter.target);
            self.trace.note(format!("{asks} {}", digits(&letter.body)));
            let life = machine.life;
            self.parcels.push(Parcel { who, life, letter, reply: None, is_again: false });
        } else {
            self.trace.note(format!("{who} waits"));
        }
    }

    /// The devices that wait for time to go by.
    fn waiting(&self) -> Vec<usize> {
        let waits = |who: &usize| {
            let machine = &self.machines[*who];
            machine.is_busy() && !machine.asks
        };
        (0..self.machines.len()).filter(waits).collect()
    }

    /// Something that is under way moves on, or a device that waits goes on.
    pub(crate) fn carry(&mut self) {
        let waiting = self.waiting();
        let count = self.parcels.len();
        let at = self.dice.below(count + waiting.len());
        if at < count {
            self.move_on(at);
        } else if let Some(who) = waiting.get(at - count) {
            self.wake(*who);
        }
    }

    /// Time goes by until the device has waited long enough.
    pub(crate) fn wake(&mut self, who: usize) {
        self.pass(NAP_MS);
        let nap = tokio::time::advance(Duration::from_millis(NAP_MS.into()));
        self.waits.block_on(nap);
        self.poll(who);
    }

    fn move_on(&mut self, at: usize) {
        let mut parcel = self.parcels.swap_remove(at);
        if self.dice.one_in(12) {
            let what = if parcel.reply.is_some() { "the answer to" } else { "what came from" };
            self.trace.note(format!("{what} {} is lost", parcel.who));
            return self.tell(&parcel, Told::Nothing);
        }
        if let Some(reply) = parcel.reply.take() {
            return self.tell(&parcel, Told::Reply(reply));
        }
        let reply = self.answer(&parcel);
        if parcel.is_again {
            return;
        }
        if self.dice.one_in(8) {
            let (who, life, letter) = (parcel.who, parcel.life, parcel.letter.clone());
            self.parcels.push(Parcel { who, life, letter, reply: None, is_again: true });
        }
        parcel.reply = Some(reply);
        self.parcels.push(parcel);
    }

    /// The server takes a request and answers it.
    fn answer(&mut self, parcel: &Parcel) -> Reply {
        let key = if self.machines[parcel.who].only_reads { &self.reader } else { &self.owner };
        let reply = self.life().answer(key, &parcel.letter);
        let said = String::from_utf8_lossy(&reply.body);
        assert!(reply.status < 500, "{}: {} {said}", parcel.letter.target, reply.status);
        let now = self.now();
        self.ledger.note(&parcel.letter, &reply, now);
        let told = digits(&reply.body);
        let again = if parcel.is_again { "again " } else { "" };
        self.trace.note(format!("{} is {again}answered: {} {told}", parcel.who, reply.status));
        reply
    }

    /// The device hears what came back, if it still listens.
    fn tell(&mut self, parcel: &Parcel, told: Told) {
        let machine = &mut self.machines[parcel.who];
        if parcel.is_again || machine.life != parcel.life || !machine.is_busy() {
            return;
        }
        machine.hear(told);
        self.poll(parcel.who);
    }

    /// A sync goes on to its end over a network that does no harm.
    pub(crate) fn lead_to_end(&mut self, who: usize) {
        while self.machines[who].is_busy() {
            let of = |parcel: &Parcel| parcel.who == who && !parcel.is_again;
            if let Some(at) = self.parcels.iter().position(of) {
                let parcel = self.parcels.swap_remove(at);
                let reply = self.answer(&parcel);
                self.tell(&parcel, Told::Reply(reply));
            } else {
                self.wake(who);
            }
        }
    }

    /// What is still under way comes late, to nobody who listens.
    pub(crate) fn come_late(&mut self) {
        for parcel in std::mem::take(&mut self.parcels) {
            if parcel.reply.is_none() {
                self.answer(&parcel);
            }
        }
    }
}
