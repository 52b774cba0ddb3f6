//! A guest of a star, as far as a host can tell: a connection, and the words that let one in.
use std::{collections::VecDeque, net::SocketAddr, time::Instant};

use serde_json::{Value, json};
use str0m::{
    Candidate, Event, Input, Rtc, RtcConfig,
    change::SdpOffer,
    channel::ChannelId,
    net::{Protocol, Receive},
    rtp::RtpWrite,
};

pub(super) struct Guest {
    pub(super) peer: &'static str,
    pub(super) address: SocketAddr,
    rtc: Rtc,
    channel: Option<ChannelId>,
    pub(super) number: Option<String>,
    /// What was said to it.
    pub(super) heard: Vec<Value>,
    pub(super) signals: VecDeque<Value>,
    pub(super) datagrams: VecDeque<Vec<u8>>,
    pub(super) next: Instant,
    /// The host's last offer, and what was answered.
    offer: String,
    answer: String,
    round: u64,
    sequence: u64,
}

impl Guest {
    pub(super) fn new(peer: &'static str, address: SocketAddr, now: Instant) -> Self {
        let (signals, datagrams) = Default::default();
        let (offer, answer) = Default::default();
        Self {
            peer,
            address,
            rtc: connection(address, now),
            channel: None,
            number: None,
            heard: Vec::new(),
            signals,
            datagrams,
            next: now,
            offer,
            answer,
            round: 0,
            sequence: 0,
        }
    }

    /// Offers are answered, as far as that makes sense.
    pub(super) fn signal(&mut self, signal: &Value, now: Instant) {
        let (Some(sdp), "offer") = (signal["sdp"].as_str(), signal["type"].as_str().unwrap_or_default()) else {
            return;
        };
        let mark = |text: &str| text.lines().find(|line| line.starts_with("a=fingerprint")).map(str::to_owned);
        if mark(&self.offer) != mark(sdp) {
            self.rtc = connection(self.address, now);
            self.channel = None;
        }
        (self.offer, self.round) = (sdp.to_owned(), signal["round"].as_u64().unwrap_or(0));
        let Ok(offer) = SdpOffer::from_sdp_string(sdp) else { return };
        let Ok(answer) = self.rtc.sdp_api().accept_offer(offer) else { return };
        self.answer = answer.to_sdp_string();
        self.signals.push_back(json!({ "type": "answer", "sdp": self.answer, "round": self.round }));
        self.tick(now);
    }

    /// A signal that is nearly one of its own.
    pub(super) fn made_up(&self, template: &str, input: &str) -> String {
        let spliced = |text: &str| {
            let at = (input.len() * 37 + input.bytes().map(usize::from).sum::<usize>()) % text.len().max(1);
            let (before, after) = text.split_at(text.floor_char_boundary(at));
            // Where the input is empty it is the description itself.
            Value::from(if input.is_empty() { text.to_owned() } else { format!("{before}{input}{after}") }).to_string()
        };
        let text = template.replace("$a", &spliced(&self.answer)).replace("$o", &spliced(&self.offer));
        text.replace("$n", &self.round.to_string())
    }

    pub(super) fn receive(&mut self, source: SocketAddr, bytes: &[u8], now: Instant) {
        let Ok(receive) = Receive::new(Protocol::Udp, source, self.address, bytes) else { return };
        let input = Input::Receive(now, receive);
        if self.rtc.accepts(&input) {
            let _ = self.rtc.handle_input(input);
        }
        self.drain(now);
    }

    pub(super) fn tick(&mut self, now: Instant) {
        let _ = self.rtc.handle_input(Input::Timeout(now));
        self.drain(now);
    }

    fn drain(&mut self, now: Instant) {
        // One that has ended asks for no time.
        self.next = now + std::time::Duration::from_secs(1);
        loop {
            match self.rtc.poll_output() {
                Ok(str0m::Output::Timeout(at)) => {
                    self.next = at.min(self.next);
                    return;
                }
                Ok(str0m::Output::Transmit(it)) => self.datagrams.push_back(it.contents.into()),
                Ok(str0m::Output::Event(event)) => self.event(event, now),
                Err(_) => return,
            }
        }
    }

    fn event(&mut self, event: Event, now: Instant) {
        match event {
            Event::ChannelOpen(id, _) if self.channel.is_none() => {
                self.channel = Some(id);
                let member = format!("{:A<22}", self.peer);
                self.say(
                    json!({ "idata": { "type": 0, "data": { "pwd": "", "member": member } } }).to_string().as_bytes(),
                    now,
                );
            }
            Event::ChannelData(data) => {
                let Ok(frame) = serde_json::from_slice::<Value>(&data.data) else { return };
                if frame["idata"]["type"] == 0 {
                    self.number = frame["idata"]["data"]["id"].as_str().map(str::to_owned);
                    let caps = json!({ "chat": true, "media": true, "moves": true, "signals": true, "files": true });
                    let user = json!({ "username": self.peer, "caps": caps });
                    self.tell(&json!({ "type": 1, "data": { "user": user } }), now);
                } else if frame["idata"]["type"] == "signal" {
                    self.signal(&frame["idata"]["data"].clone(), now);
                }
                self.heard.push(frame);
            }
            _ => {}
        }
    }

    pub(super) fn tell(&mut self, idata: &Value, now: Instant) {
        self.say(json!({ "target": self.number, "idata": idata }).to_string().as_bytes(), now);
    }

    pub(super) fn say(&mut self, bytes: &[u8], now: Instant) {
        if let Some(mut channel) = self.channel.and_then(|id| self.rtc.channel(id)) {
            let _ = channel.write(true, bytes);
        }
        self.tick(now);
    }

    pub(super) fn open_channel(&mut self, now: Instant) {
        let _ = self.rtc.direct_api().create_data_channel(str0m::channel::ChannelConfig::default());
        self.tick(now);
    }

    /// Sends packets of sound or pictures on a line, whatever is in them.
    pub(super) fn send(&mut self, which: usize, payload: &[u8], now: Instant) {
        for number in 0..1 + which % 7 {
            self.sequence += 1 + number as u64 * 3;
            let mid = (which % 4).to_string();
            let mut api = self.rtc.direct_api();
            let Some(tx) = api.stream_tx_by_mid(mid.as_str().into(), None) else { return };
            let kind = [111, 96, 97, 109, 114, 0][which % 6];
            tx.write_rtp(RtpWrite::new(kind.into(), self.sequence.into(), which as u32, now, payload.to_vec()));
            self.tick(now);
        }
    }
}

fn connection(address: SocketAddr, now: Instant) -> Rtc {
    let config = RtcConfig::new().set_crypto_provider(p2pchat_host::provider()).set_rtp_mode(true);
    let mut rtc = config.clear_codecs().enable_opus(true).enable_vp8(true).build(now);
    if let Ok(candidate) = Candidate::host(address, Protocol::Udp) {
        rtc.add_local_candidate(candidate);
    }
    rtc
}
