//! Signals of a connection, in simple-peer's shapes: what the guest says, and what is offered and answered.

use std::borrow::Cow;
use std::time::Instant;

use serde::Deserialize;
use serde_json::json;
use str0m::change::{SdpAnswer, SdpOffer};

use super::{Connection, Pending};
use crate::sdp::{Description, Kind, Ours, Transport, VP8, parse};

/// A signal to the guest. `restarting`: it had better not go over the connection itself, which may lead nowhere.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) restarting: bool,
}

/// The keys tell what a signal is, not its type.
#[derive(Deserialize)]
struct Signal<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    sdp: Option<Cow<'a, str>>,
    #[serde(default)]
    round: Option<u64>,
    #[serde(default)]
    renegotiate: Option<serde_json::Value>,
    #[serde(borrow, default, rename = "transceiverRequest")]
    request: Option<Request<'a>>,
    #[serde(default)]
    candidate: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

impl Connection {
    /// A signal of the guest's. What comes faster than any browser negotiates is left out. `true`: other things may come
    /// or go over the transceivers now.
    pub(crate) fn signal(&mut self, text: &str, now: Instant) -> (bool, Option<Said>) {
        let Ok(signal) = serde_json::from_str::<Signal<'_>>(text) else { return (false, None) };
        if signal.candidate.is_some() && signal.sdp.is_none() {
            // The guest looks for us, and we answer where it comes from.
            self.candidate_bucket.take(now, 1.0);
            return (false, None);
        }
        if !self.negotiation_bucket.take(now, 1.0) {
            return (false, None);
        }
        if let Some(sdp) = signal.sdp {
            let Some(description) = parse(&sdp) else { return (false, None) };
            return match signal.kind.as_deref() {
                Some("answer") => (self.answered(&description, signal.round, now), None),
                Some("offer") => self.offered(&description, signal.round, now),
                _ => (false, None),
            };
        }
        if let Some(request) = signal.request {
            match &*request.kind {
                "audio" => self.transceivers.request(Kind::Audio),
                "video" => self.transceivers.request(Kind::Video),
                _ => return (false, None),
            }
            self.negotiation.ask();
        } else if signal.renegotiate.is_some_and(|it| it != json!(false)) {
            self.transceivers.make_room();
            if self.restarts {
                self.negotiation.ask_unless_offering();
            } else {
                self.negotiation.ask();
            }
        }
        (false, None)
    }

    pub(crate) fn needs_offer(&self) -> bool {
        self.negotiation.needs_offer(self.transceivers.need_offer())
    }

    /// An offer, if one is to be made now. `crowded`: more is about to belong into the same offer.
    pub(crate) fn offer(&mut self, crowded: bool, now: Instant) -> Option<Said> {
        self.negotiation.overdue(now);
        let (round, restart) = self.negotiation.begin(self.transceivers.need_offer(), crowded, now)?;
        if restart {
            self.begin_restart();
        }
        let restarting = self.negotiation.has_met() && self.pending.is_some();
        let transport = self.transport("actpass");
        let ours = Ours { transport: &transport, candidates: &self.candidates, layers: self.layers };
        let sdp = self.transceivers.write_offer(&ours);
        self.declare(now);
        let text = json!({ "type": "offer", "sdp": sdp, "round": round }).to_string();
        Some(Said { text, restarting })
    }

    fn begin_restart(&mut self) {
        let mut change = self.rtc.sdp_api();
        let creds = change.ice_restart(true);
        self.pending = change.apply().map(|(_, offer)| Pending { offer, ufrag: creds.ufrag, password: creds.pass });
    }

    /// Our part of a description: of the offer that is out, where it is one with new credentials.
    fn transport(&mut self, setup: &str) -> Transport {
        let fingerprint = self.rtc.direct_api().local_dtls_fingerprint().to_string();
        let (ufrag, password) = match &self.pending {
            Some(pending) => (pending.ufrag.clone(), pending.password.clone()),
            None => {
                let creds = self.rtc.direct_api().local_ice_credentials();
                (creds.ufrag, creds.pass)
            }
        };
        Transport { ufrag, password, fingerprint, setup: setup.to_owned() }
    }

    fn answered(&mut self, answer: &Description, round: Option<u64>, now: Instant) -> bool {
        if !self.negotiation.answer(round) {
            return false;
        }
        let known = &self.theirs.fingerprint;
        if !known.is_empty() && !known.eq_ignore_ascii_case(&answer.transport.fingerprint) {
            self.replaced = true;
            return false;
        }
        if let Some(pending) = self.pending.take() {
            self.active = answer.transport.setup == "passive";
            let setup = if self.active { "passive" } else { "active" };
            let Ok(excerpt) = SdpAnswer::from_sdp_string(&self.excerpt(&answer.transport, setup)) else {
                self.failed = true;
                return false;
            };
            if self.rtc.sdp_api().accept_answer(pending.offer, excerpt).is_err() {
                self.failed = true;
                return false;
            }
            self.guard.forget_ways();
            self.has_padding();
        }
        self.theirs = answer.transport.clone();
        self.transceivers.answer(answer);
        self.declare(now);
        true
    }

    /// An offer of the guest's: with new credentials of its own, or for what it has asked for in vain.
    fn offered(&mut self, offer: &Description, round: Option<u64>, now: Instant) -> (bool, Option<Said>) {
        // Whoever it is that offers with another certificate is at no end of this connection.
        if !offer.transport.fingerprint.eq_ignore_ascii_case(&self.theirs.fingerprint) {
            return (false, None);
        }
        let restarting = offer.transport.ufrag != self.theirs.ufrag;
        if !self.negotiation.offered(round, restarting) {
            return (false, None);
        }
        if !self.transceivers.offer(offer) {
            self.failed = true;
            return (false, None);
        }
        self.pending = None;
        if restarting {
            let taken = SdpOffer::from_sdp_string(&self.excerpt(&offer.transport, "actpass"))
                .ok()
                .and_then(|excerpt| self.rtc.sdp_api().accept_offer(excerpt).ok());
            if taken.is_none() {
                self.failed = true;
                return (false, None);
            }
            self.guard.forget_ways();
            self.has_padding();
        }
        self.theirs = offer.transport.clone();
        let transport = self.transport(if self.active { "active" } else { "passive" });
        let ours = Ours { transport: &transport, candidates: &self.candidates, layers: self.layers };
        let sdp = self.transceivers.write_answer(&ours, offer);
        self.declare(now);
        let text = json!({ "type": "answer", "sdp": sdp, "round": round }).to_string();
        (true, Some(Said { text, restarting }))
    }

    /// What str0m makes the connection from: the data channels, and the transceiver that is none of the guest's.
    fn excerpt(&self, transport: &Transport, setup: &str) -> String {
        let Transport { ufrag, password, fingerprint, .. } = transport;
        let (mid, padding) = (&self.channel_mid, self.padding);
        let (codec, resend) = (VP8.number, VP8.resend.unwrap_or(VP8.number));
        format!(
            "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mid} {padding}\r\n\
             m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\n\
             a=ice-pwd:{password}\r\na=fingerprint:{fingerprint}\r\na=setup:{setup}\r\na=mid:{mid}\r\n\
             a=sctp-port:5000\r\na=max-message-size:262144\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF {codec} {resend}\r\nc=IN IP4 0.0.0.0\r\na=mid:{padding}\r\na=recvonly\r\n\
             a=rtcp-mux\r\na=rtpmap:{codec} VP8/90000\r\na=rtpmap:{resend} rtx/90000\r\na=fmtp:{resend} apt={codec}\r\n"
        )
    }
}
