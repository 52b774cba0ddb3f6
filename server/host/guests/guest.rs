//! A page at the other end: str0m again, with as much of a page's behaviour as the host can tell.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::media::{Mid, Rid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite};
use str0m::{Event, Input, Rtc};

use super::PASSWORD;
use super::codecs::{connection, with_codecs};
use super::sizes::{SIZES, declare_sizes};
use crate::sdp::TRANSPORT_CC;

pub struct Guest {
    pub peer: String,
    pub address: SocketAddr,
    pub rtc: Rtc,
    pub member: Option<String>,
    pub caps: Value,
    pub password: String,
    /// What its downlink took a moment ago, as it says.
    pub takes: Option<u32>,
    pub channel: Option<ChannelId>,
    /// Its number, once it has been let in.
    pub number: Option<String>,
    /// What it sends, by stream and kind, and on which transceiver once that is known.
    pub sends: Vec<(String, &'static str)>,
    pub transceivers: HashMap<Mid, (String, &'static str)>,
    /// Frames that have come.
    pub heard: Vec<Value>,
    pub packets: Vec<(Mid, Option<Rid>, RtpPacket)>,
    /// Requests for a key frame.
    pub asked: usize,
    /// Those of them for a size, by its name.
    pub asked_sizes: Vec<Rid>,
    pub out: VecDeque<Out>,
    pub next: Instant,
    pub offers: Vec<String>,
    pub rounds: u64,
    /// An offer of its own that is out.
    pending: Option<SdpPendingOffer>,
    /// It was offered or answered what str0m does not take.
    pub refused: bool,
    /// Answers as str0m has it: on whatever transceiver it may send it says that it does.
    pub plain: bool,
    /// When the world began: what it sends says how long after that.
    pub began: Instant,
    /// Does not answer offers.
    pub mute: bool,
    /// It says which packets of sound have come, as Firefox does not.
    pub counts_sound: bool,
    pub answers: Vec<String>,
    /// How loud it is, in decibels below the loudest there is.
    pub level: i8,
    pub sequence: HashMap<(Mid, Option<Rid>), u64>,
}

/// What goes out: over the server, or on the connection.
pub enum Out {
    Signal(Value),
    Datagram(SocketAddr, Vec<u8>),
}

impl Guest {
    pub fn new(peer: &str, address: SocketAddr, now: Instant) -> Self {
        Self {
            peer: peer.to_owned(),
            address,
            rtc: connection(address, now),
            member: Some(format!("{peer:A<22}")),
            caps: json!({ "chat": true, "media": true, "moves": true, "signals": true, "files": true }),
            password: PASSWORD.to_owned(),
            takes: None,
            channel: None,
            number: None,
            sends: Vec::new(),
            transceivers: HashMap::new(),
            heard: Vec::new(),
            packets: Vec::new(),
            asked: 0,
            asked_sizes: Vec::new(),
            out: VecDeque::new(),
            next: now,
            offers: Vec::new(),
            rounds: 0,
            pending: None,
            refused: false,
            plain: false,
            began: now,
            mute: false,
            counts_sound: true,
            answers: Vec::new(),
            level: -30,
            sequence: HashMap::new(),
        }
    }

    /// A page as the original has it.
    pub fn original(mut self) -> Self {
        (self.member, self.caps) = (None, Value::Null);
        self
    }

    pub fn signal(&mut self, signal: &Value, now: Instant) {
        let Some(sdp) = signal["sdp"].as_str() else { return };
        if signal["type"] == "answer" && signal["round"] == self.rounds {
            let Some(pending) = self.pending.take() else { return };
            let answer = SdpAnswer::from_sdp_string(sdp).ok();
            let taken = answer.and_then(|it| self.rtc.sdp_api().accept_answer(pending, it).ok());
            self.refused |= taken.is_none();
            self.tick(now);
        } else if signal["type"] == "offer" && !self.mute && self.pending.is_none() {
            // An offer across its own gives way.
            self.refused |= self.offered(sdp, &signal["round"], now).is_none();
        }
    }

    /// Looks for another way to the host.
    pub fn restart(&mut self) {
        let mut change = self.rtc.sdp_api();
        change.ice_restart(true);
        let (offer, pending) = change.apply().expect("an offer");
        self.pending = Some(pending);
        self.rounds += 1;
        let offered = self.offers.last().cloned().unwrap_or_default();
        let sdp = self.with_tracks(&offer.to_sdp_string(), &offered);
        self.out.push_back(Out::Signal(json!({ "type": "offer", "sdp": sdp, "round": self.rounds })));
    }

    fn offered(&mut self, sdp: &str, round: &Value, now: Instant) -> Option<()> {
        self.offers.push(sdp.to_owned());
        self.rounds = round.as_u64().unwrap_or(self.rounds + 1);
        // Another certificate is another connection.
        let mark = |text: &str| text.lines().find(|line| line.starts_with("a=fingerprint")).map(str::to_owned);
        if self.offers.first().is_some_and(|first| mark(first) != mark(sdp)) {
            self.rtc = connection(self.address, now);
            (self.channel, self.number) = (None, None);
            self.transceivers.clear();
            self.offers = vec![sdp.to_owned()];
        }
        // str0m would take what is said of sizes for what comes from the host, too.
        let sizes = |line: &&str| line.starts_with("a=rid:") || line.starts_with("a=simulcast:");
        let mut plain: String = sdp.lines().filter(|line| !sizes(line)).map(|line| format!("{line}\r\n")).collect();
        // It does not read sections that have ended either, unless they say what they carried.
        for (kind, number, name) in [("audio", 111, "opus/48000/2"), ("video", 96, "VP8/90000")] {
            let ended = format!("m={kind} 0 UDP/TLS/RTP/SAVPF {number}\r\nc=IN IP4 0.0.0.0\r\n");
            plain = plain.replace(&ended, &format!("{ended}a=rtpmap:{number} {name}\r\n"));
        }
        if !self.counts_sound {
            let without = |part: &str| match part.starts_with("audio") {
                true => part.replace(TRANSPORT_CC.1, "urn:none"),
                false => part.to_owned(),
            };
            plain = plain.split("m=").map(without).collect::<Vec<_>>().join("m=");
        }
        // It asks for codecs of sections that have ended, too.
        let plain = plain.split("m=").map(with_codecs).collect::<Vec<_>>().join("m=");
        let offer = SdpOffer::from_sdp_string(&plain).ok()?;
        let answer = self.rtc.sdp_api().accept_offer(offer).ok()?.to_sdp_string();
        self.rtc.handle_input(Input::Timeout(now)).ok()?;
        let answer = if self.plain { answer } else { self.with_tracks(&answer, sdp) };
        self.answers.push(answer.clone());
        let mut signal = json!({ "type": "answer", "sdp": answer });
        if !round.is_null() {
            signal["round"] = round.clone();
        }
        self.out.push_back(Out::Signal(signal));
        let waiting = self.waiting();
        for kind in waiting {
            self.out.push_back(Out::Signal(
                json!({ "type": "transceiverRequest", "transceiverRequest": { "kind": kind } }),
            ));
        }
        Some(())
    }

    fn waiting(&self) -> Vec<&'static str> {
        let placed: Vec<_> = self.transceivers.values().collect();
        self.sends.iter().filter(|it| !placed.contains(it)).map(|(_, kind)| *kind).collect()
    }

    /// Puts tracks on transceivers that have room, as a browser does, and says so.
    fn with_tracks(&mut self, answer: &str, offer: &str) -> String {
        let mut parts = answer.split("m=");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let kind = if part.starts_with("audio") { "audio" } else { "video" };
            let mid = part.lines().find_map(|line| line.strip_prefix("a=mid:")).unwrap_or_default();
            let mid = Mid::from(mid);
            let open = part.contains("a=sendrecv") || part.contains("a=sendonly");
            if !part.starts_with("application") && open && !self.transceivers.contains_key(&mid) {
                let placed: Vec<_> = self.transceivers.values().cloned().collect();
                let next = self.sends.iter().find(|it| it.1 == kind && !placed.contains(it)).cloned();
                next.into_iter().for_each(|it| drop(self.transceivers.insert(mid, it)));
            }
            let stream = self.transceivers.get(&mid).map(|(stream, _)| stream.as_str());
            let mut lines: Vec<String> = part
                .lines()
                .map(|line| match (line, stream) {
                    (line, Some(stream)) if line.starts_with("a=msid:") => format!("a=msid:{stream} track"),
                    ("a=sendrecv", None) => "a=recvonly".to_owned(),
                    ("a=sendonly", None) => "a=inactive".to_owned(),
                    (line, _) => line.to_owned(),
                })
                .collect();
            let offered = offer.split("m=").find(|it| it.contains(&format!("a=mid:{mid}\r\n")));
            let layered =
                self.caps["layers"] == true && offered.is_some_and(|it| it.contains("a=simulcast:recv h;m;l"));
            if layered && stream.is_some() {
                lines.retain(|line| !line.starts_with("a=ssrc"));
                lines.extend(SIZES.map(|size| format!("a=rid:{size} send")));
                lines.push("a=simulcast:send h;m;l".to_owned());
                declare_sizes(&mut self.rtc, mid);
            }
            text.push_str(&format!("m={}\r\n", lines.join("\r\n")));
        }
        text
    }

    pub fn receive(&mut self, source: SocketAddr, bytes: &[u8], now: Instant) {
        let Ok(receive) = Receive::new(Protocol::Udp, source, self.address, bytes) else { return };
        let input = Input::Receive(now, receive);
        if self.rtc.accepts(&input) {
            let _ = self.rtc.handle_input(input);
        }
        self.drain(now);
    }

    pub fn tick(&mut self, now: Instant) {
        let _ = self.rtc.handle_input(Input::Timeout(now));
        self.drain(now);
    }

    fn drain(&mut self, now: Instant) {
        // One that has ended asks for no time.
        self.next = now + Duration::from_secs(1);
        loop {
            match self.rtc.poll_output() {
                Ok(str0m::Output::Timeout(at)) => {
                    self.next = at.min(self.next);
                    return;
                }
                Ok(str0m::Output::Transmit(it)) => {
                    self.out.push_back(Out::Datagram(it.destination, it.contents.into()));
                }
                Ok(str0m::Output::Event(event)) => self.event(event, now),
                Err(_) => return,
            }
        }
    }

    fn event(&mut self, event: Event, now: Instant) {
        match event {
            Event::ChannelOpen(id, _) if self.channel.is_none() => {
                self.channel = Some(id);
                let mut data = json!({ "pwd": self.password });
                if let Some(member) = &self.member {
                    data["member"] = json!(member);
                }
                if let Some(takes) = self.takes {
                    data["downlink"] = json!(takes);
                }
                self.say(&json!({ "target": self.peer, "idata": { "type": 0, "data": data } }), now);
            }
            Event::ChannelData(data) => {
                let Ok(frame) = serde_json::from_slice::<Value>(&data.data) else { return };
                let idata = &frame["idata"];
                if idata["type"] == 0 {
                    self.number = idata["data"]["id"].as_str().map(str::to_owned);
                    self.introduce(now);
                } else if idata["type"] == "signal" {
                    self.signal(&idata["data"].clone(), now);
                }
                self.heard.push(frame);
            }
            Event::RtpPacket(packet) => {
                let place = self.rtc.direct_api().stream_rx(&packet.header.ssrc).map(|it| (it.mid(), it.rid()));
                let (mid, rid) = place.expect("its transceiver");
                self.packets.push((mid, rid, packet));
            }
            Event::KeyframeRequest(request) => {
                self.asked += 1;
                self.asked_sizes.extend(request.rid);
            }
            _ => {}
        }
    }

    fn introduce(&mut self, now: Instant) {
        let number = self.number.clone().unwrap_or_default();
        let mut user = json!({ "username": self.peer, "id": number, "avatarLoc": "/public/defaults/User.jpg" });
        if let (Some(member), true) = (&self.member, self.caps.is_object()) {
            (user["caps"], user["member"]) = (self.caps.clone(), json!(member));
        }
        self.tell(&json!({ "type": 1, "data": { "user": user } }), now);
    }

    /// Says something as a guest.
    pub fn tell(&mut self, idata: &Value, now: Instant) {
        let target = self.number.clone().unwrap_or_default();
        self.say(&json!({ "target": target, "idata": idata }), now);
    }

    pub fn say(&mut self, frame: &Value, now: Instant) {
        self.say_bytes(frame.to_string().as_bytes(), now);
    }

    pub fn say_bytes(&mut self, bytes: &[u8], now: Instant) {
        if let Some(mut channel) = self.channel.and_then(|id| self.rtc.channel(id)) {
            let _ = channel.write(true, bytes);
        }
        self.tick(now);
    }

    /// Joins the call with a stream.
    pub fn call(&mut self, stream: &str, kinds: &[&'static str], now: Instant) {
        self.sends.extend(kinds.iter().map(|kind| (stream.to_owned(), *kind)));
        self.tell(&json!({ "type": 7, "data": { "type": 0, "special": {} } }), now);
        self.announce_with(&[stream], &json!({ "muted": false, "cameraOff": !kinds.contains(&"video") }), now);
    }

    pub fn announce(&mut self, streams: &[&str], now: Instant) {
        self.announce_with(streams, &Value::Null, now);
    }

    fn announce_with(&mut self, streams: &[&str], media: &Value, now: Instant) {
        let possibilities = json!({ "dataType": "Set", "value": streams });
        let mut special = json!({ "possibilities": possibilities, "primaryStream": streams.first() });
        if self.caps["media"] == true && media.is_object() {
            special["media"] = media.clone();
        }
        self.tell(&json!({ "type": 7, "data": { "type": 4, "special": special } }), now);
    }

    pub fn want(&mut self, stream: &str, owner: &str, now: Instant) {
        let idata = json!({ "type": 7, "data": { "type": 6, "special": { "StreamID": stream } } });
        self.say(&json!({ "target": owner, "idata": idata }), now);
    }

    /// Asks for an offer.
    pub fn renegotiate(&mut self) {
        self.out.push_back(Out::Signal(json!({ "type": "renegotiate", "renegotiate": true })));
    }

    /// Sends a packet of a stream: a picture that needs no other, or one that does.
    pub fn send(&mut self, stream: &str, kind: &'static str, key: bool, time: u32, now: Instant) {
        let found = self.transceivers.iter().find(|(_, it)| it.0 == stream && it.1 == kind);
        let Some(mid) = found.map(|(mid, _)| *mid) else { return };
        let sequence = self.sequence.entry((mid, None)).or_insert(60_000);
        *sequence += 1;
        let sequence = *sequence;
        let picture = u8::try_from(sequence % 128).expect("a byte");
        let payload = match kind {
            "audio" => self.stamped(vec![1; 80], now),
            _ => vec![0x90, 0x80, picture, u8::from(!key), 0, 0, 0x9d, 0x01, 0x2a, 0, 0, 0, 0],
        };
        let number = if kind == "audio" { 111 } else { 96 };
        let mut api = self.rtc.direct_api();
        let Some(tx) = api.stream_tx_by_mid(mid, None) else { return };
        let level = ExtensionValues { audio_level: Some(self.level), voice_activity: Some(true), ..Default::default() };
        let packet = RtpWrite::new(number.into(), sequence.into(), time, now, payload).nackable(kind == "video");
        let packet = if kind == "audio" { packet.ext_vals(level) } else { packet };
        tx.write_rtp(packet.marker(true));
        self.tick(now);
    }

    /// Sends a packet on a transceiver under a source that nobody has heard of.
    pub fn send_as(&mut self, source: u32, mid: Mid, now: Instant) {
        let mut api = self.rtc.direct_api();
        let tx = api.declare_stream_tx(source.into(), None, mid, None);
        tx.write_rtp(RtpWrite::new(111.into(), 1.into(), 1, now, vec![0; 40]));
        self.tick(now);
        self.rtc.direct_api().remove_stream_tx(source.into());
    }

    pub fn open_channel(&mut self, now: Instant) {
        self.rtc.direct_api().create_data_channel(str0m::channel::ChannelConfig::default());
        self.tick(now);
    }

    /// Frames of a type, by whom they are.
    pub fn of(&self, kind: impl Into<Value>) -> Vec<(&str, &Value)> {
        let kind = kind.into();
        let of_kind = self.heard.iter().filter(|frame| frame["idata"]["type"] == kind);
        of_kind.map(|frame| (frame["source"].as_str().unwrap_or_default(), &frame["idata"]["data"])).collect()
    }
}
