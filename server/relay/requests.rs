//! Requests of clients: Binding, Allocate, Refresh, CreatePermission and ChannelBind.
//!
//! **Invariant:** what is answered to somebody without credentials of ours is short and has a rate, since the address that it
//! goes to may be forged; what is answered to a request with a checksum is no longer than the request by much.
use std::net::SocketAddr;

use crate::{
    allocation::Allocation,
    credentials::{Identity, IntegrityKey},
    encode::Encoder,
    host::{FiveTuple, Host, Now, Opened, Refusal},
    message::{Class, Message, Method, attribute},
    quotas::Who,
    relay::{CHANNELS, Outcome, Relay},
};

/// Seconds (RFC 8656, sections 3.2 and 7.2).
const LIFETIME_S: u32 = 600;
const LIFETIME_MAX_S: u32 = 3_600;

/// UDP's number, which is all that is relayed.
const UDP: u8 = 17;

/// Attributes named in UNKNOWN-ATTRIBUTES.
const UNKNOWN_MAX: usize = 8;

/// A request whose sender has shown credentials.
struct Authentic<'a> {
    now_s: u32,
    client: FiveTuple,
    who: Who<'a>,
    /// For so many seconds it may have what it asks for.
    lasts_s: u32,
    key: IntegrityKey,
    nonce_window: u32,
    method: Method,
    message: &'a Message<'a>,
}

/// What is answered to an authentic request.
enum Answer {
    /// Success, with LIFETIME where it has one.
    Success { lifetime_s: Option<u32> },
    /// The answer to an Allocate.
    Allocated { relayed: SocketAddr, lifetime_s: u32 },
}

/// An error response.
struct Failure {
    code: u16,
    text: &'static str,
    refusal: Refusal,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let (code, text) = match refusal {
            Refusal::WrongCredentials | Refusal::ExpiredCredentials => (401, "Unauthorized"),
            Refusal::StaleNonce => (438, "Stale Nonce"),
            Refusal::NotInRoom | Refusal::DeniedAddress | Refusal::NoCommonRoom | Refusal::NoPermission => {
                (403, "Forbidden")
            }
            Refusal::PeerQuota | Refusal::AddressQuota => (486, "Allocation Quota Reached"),
            Refusal::TotalQuota | Refusal::NoCapacity | Refusal::ByteRate => (508, "Insufficient Capacity"),
            Refusal::Mismatch => (437, "Allocation Mismatch"),
            Refusal::Malformed | Refusal::BadRequest | Refusal::StrangerRate | Refusal::NoPeer => (400, "Bad Request"),
        };
        Failure { code, text, refusal }
    }
}

fn bad(code: u16, text: &'static str) -> Failure {
    Failure { code, text, refusal: Refusal::BadRequest }
}

impl<H: Host> Relay<H> {
    /// Tells a client its own address (RFC 8489, section 3).
    pub(crate) fn binding(&self, client: &FiveTuple, message: &Message<'_>, out: &mut Vec<u8>) -> Outcome {
        if !self.may_answer(client) {
            return Outcome::refused(Refusal::StrangerRate);
        }
        let unknown = unknown_attributes(message);
        if !unknown.is_empty() {
            let failure = Encoder::new(out, Class::Error, Method::Binding, message.transaction());
            let failure = failure.error(420, "").attribute(attribute::UNKNOWN_ATTRIBUTES, &unknown);
            failure.finish(message.has_fingerprint());
            return Outcome::answer(*client, Some(Refusal::BadRequest));
        }
        let success = Encoder::new(out, Class::Success, Method::Binding, message.transaction());
        success.address(attribute::XOR_MAPPED_ADDRESS, client.client).finish(message.has_fingerprint());
        Outcome::answer(*client, None)
    }

    /// A request that needs credentials.
    pub(crate) fn request(
        &self,
        now: Now,
        client: FiveTuple,
        method: Method,
        message: &Message<'_>,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let request = match self.authenticate(now, client, method, message) {
            Ok(request) => request,
            Err(failure) => {
                if !self.may_answer(&client) {
                    return Outcome::refused(Refusal::StrangerRate);
                }
                self.challenge(now, &client, method, message, failure.as_ref(), out);
                // To be asked for credentials is how each conversation begins.
                return Outcome::answer(client, failure.map(|it| it.refusal));
            }
        };
        let unknown = unknown_attributes(message);
        let encoder = |class, out| Encoder::new(out, class, method, message.transaction());
        let has_fingerprint = message.has_fingerprint();
        if !unknown.is_empty() {
            let failure = encoder(Class::Error, out).error(420, "Unknown Attribute");
            let failure = failure.attribute(attribute::UNKNOWN_ATTRIBUTES, &unknown);
            failure.sign(&request.key).finish(has_fingerprint);
            return Outcome::answer(client, Some(Refusal::BadRequest));
        }
        let (encoded, refusal) = match self.answer(&request) {
            Ok(Answer::Success { lifetime_s }) => {
                let success = encoder(Class::Success, out);
                let lifetime = lifetime_s.map(u32::to_be_bytes);
                let success = match lifetime {
                    Some(it) => success.attribute(attribute::LIFETIME, &it),
                    None => success,
                };
                (success, None)
            }
            Ok(Answer::Allocated { relayed, lifetime_s }) => {
                let mut success = encoder(Class::Success, out)
                    .address(attribute::XOR_RELAYED_ADDRESS, relayed)
                    .attribute(attribute::LIFETIME, &lifetime_s.to_be_bytes())
                    .address(attribute::XOR_MAPPED_ADDRESS, client.client);
                if message.get(attribute::ADDITIONAL_ADDRESS_FAMILY).is_some() {
                    // The second family is not relayed: 440 (RFC 8656, section 18.13).
                    success = success.attribute(attribute::ADDRESS_ERROR_CODE, &[2, 0, 4, 40]);
                }
                (success, None)
            }
            Err(Failure { code, text, refusal }) => (encoder(Class::Error, out).error(code, text), Some(refusal)),
        };
        encoded.sign(&request.key).finish(has_fingerprint);
        Outcome::answer(client, refusal)
    }

    /// Who a stream's bytes are from is certain; who a datagram is from is not.
    fn may_answer(&self, client: &FiveTuple) -> bool {
        client.stream.is_some() || self.host.may_answer(client.client.ip())
    }

    /// RFC 8489, section 9.2.4. `Err(None)`: it has not tried to show any credentials.
    fn authenticate<'a>(
        &self,
        now: Now,
        client: FiveTuple,
        method: Method,
        message: &'a Message<'a>,
    ) -> Result<Authentic<'a>, Option<Failure>> {
        if !message.has_integrity() {
            return Err(None);
        }
        let (username, nonce) = (message.text(attribute::USERNAME), message.get(attribute::NONCE));
        let (Some(username), Some(nonce), Some(_)) = (username, nonce, message.get(attribute::REALM)) else {
            return Err(Some(Refusal::BadRequest.into()));
        };
        let kept = self.shard_of(&client).of_client(&client, now.clock_s).map(|it| it.nonce_window);
        // Before any checksum over the whole message is computed.
        let fresh = self.credentials.is_fresh(nonce, &client, now.clock_s.into(), kept);
        let nonce_window = fresh.ok_or(Some(Refusal::StaleNonce.into()))?;
        let known = self.look_up(username).filter(|(_, key)| message.is_signed_with(key));
        let (Identity { who, expiry_s }, key) = known.ok_or(Some(Refusal::WrongCredentials.into()))?;
        let is_member = matches!(who, Who::Member(_));
        // What runs goes on: clients refresh with the credentials that they began with. What becomes of members whose
        // sessions are elsewhere is less certain.
        if (is_member || method == Method::Allocate) && expiry_s.is_some_and(|it| it < now.unix_s) {
            return Err(Some(Refusal::ExpiredCredentials.into()));
        }
        let left_s = expiry_s.filter(|_| is_member).map(|it| it.saturating_sub(now.unix_s));
        let lasts_s = left_s.map_or(LIFETIME_MAX_S, |it| it.try_into().unwrap_or(u32::MAX));
        Ok(Authentic { now_s: now.clock_s, client, who, lasts_s, key, nonce_window, method, message })
    }

    fn look_up<'a>(&self, username: &'a str) -> Option<(Identity<'a>, IntegrityKey)> {
        let member = self.members.look_up(username, &self.credentials.realm);
        let member = member.map(|(it, key)| (Identity { who: Who::Member(it), expiry_s: Some(it.expiry_s) }, key));
        member.or_else(|| self.credentials.look_up(username))
    }

    /// An error to somebody whose credentials are not known, with what is needed to try again.
    fn challenge(
        &self,
        now: Now,
        client: &FiveTuple,
        method: Method,
        message: &Message<'_>,
        failure: Option<&Failure>,
        out: &mut Vec<u8>,
    ) {
        // Without a text: it is the shortest question that is answered so.
        let (code, text) = failure.map_or((401, ""), |it| (it.code, it.text));
        let mut answer = Encoder::new(out, Class::Error, method, message.transaction()).error(code, text);
        if code != 400 {
            let nonce = self.credentials.nonce(client, now.clock_s.into());
            answer = answer.attribute(attribute::REALM, self.credentials.realm.as_bytes());
            answer = answer.attribute(attribute::NONCE, nonce.as_bytes());
        }
        answer.finish(message.has_fingerprint());
    }

    fn answer(&self, request: &Authentic<'_>) -> Result<Answer, Failure> {
        match request.method {
            Method::Allocate => self.allocate(request),
            Method::Refresh => self.refresh(request),
            Method::CreatePermission => self.create_permission(request),
            Method::ChannelBind => self.channel_bind(request),
            Method::Binding | Method::Send | Method::Data => Err(Refusal::Malformed.into()),
        }
    }

    /// RFC 8656, section 7.2.
    fn allocate(&self, request: &Authentic<'_>) -> Result<Answer, Failure> {
        let Authentic { now_s, client, message, .. } = *request;
        let existing =
            self.shard_of(&client).of_client(&client, now_s).map(|it| (it.made_by, it.relayed, it.granted_s));
        match existing {
            Some((made_by, relayed, lifetime_s)) if made_by == message.transaction() => {
                return Ok(Answer::Allocated { relayed, lifetime_s });
            }
            Some(_) => return Err(Refusal::Mismatch.into()),
            None => (),
        }
        match message.get(attribute::REQUESTED_TRANSPORT) {
            Some([UDP, _, _, _]) => (),
            Some([_, _, _, _]) => return Err(bad(442, "Unsupported Transport Protocol")),
            _ => return Err(Refusal::BadRequest.into()),
        }
        let is_ipv6 = self.is_ipv6_wanted(message)?;
        let even_port = message.get(attribute::EVEN_PORT);
        // A reserved port is for RTCP beside RTP, which no browser asks for.
        let wants_pair = even_port.is_some_and(|it| it.first().is_some_and(|it| it & 0x80 != 0));
        let has_token = message.get(attribute::RESERVATION_TOKEN).is_some();
        if has_token && even_port.is_some() {
            return Err(Refusal::BadRequest.into());
        }
        if has_token || wants_pair {
            return Err(Refusal::NoCapacity.into());
        }
        let lifetime_s = lifetime(message).min(request.lasts_s);
        let user = self.quotas().reserve(&request.who, client)?;
        let opened = match &request.who {
            Who::Fixed => self.host.open(None, &client, is_ipv6),
            Who::Peer(peer) => self.host.open(Some(peer), &client, is_ipv6),
            Who::Member(member) if self.members.has_left(member) => Err(Refusal::NotInRoom),
            Who::Member(member) => self.host.open_member(member.peer, &client, is_ipv6),
        };
        let inserted = opened.and_then(|Opened { ticket, relayed }| {
            let (is_virtual, made_by, times) = (relayed.is_none(), message.transaction(), (now_s, lifetime_s));
            let user = user.clone();
            let make = |at| Allocation::new(client, user, at, is_virtual, ticket, request.nonce_window, made_by, times);
            self.insert(&client, relayed, is_ipv6, even_port.is_some(), now_s, make)
        });
        // The session may have ended in the meantime.
        if inserted.is_ok() && !self.quotas().counts(&user, &client) {
            self.close(&client);
            return Err(Refusal::NotInRoom.into());
        }
        match inserted {
            Ok(relayed) => Ok(Answer::Allocated { relayed, lifetime_s }),
            Err(refusal) => {
                self.quotas().release(&user, &client);
                Err(refusal.into())
            }
        }
    }

    /// RFC 8656, section 7.2, points 5 to 9.
    fn is_ipv6_wanted(&self, message: &Message<'_>) -> Result<bool, Failure> {
        let family = message.get(attribute::REQUESTED_ADDRESS_FAMILY);
        let additional = message.get(attribute::ADDITIONAL_ADDRESS_FAMILY);
        if additional.is_some() && (family.is_some() || additional.and_then(|it| it.first()) != Some(&2)) {
            return Err(Refusal::BadRequest.into());
        }
        match family.map(|it| it.first()) {
            None | Some(Some(1)) => Ok(false),
            Some(Some(2)) => Ok(true),
            Some(_) => Err(bad(440, "Address Family not Supported")),
        }
    }

    /// RFC 8656, section 8.2.
    fn refresh(&self, request: &Authentic<'_>) -> Result<Answer, Failure> {
        let Authentic { now_s, client, message, .. } = *request;
        let wanted_s = message.number(attribute::LIFETIME);
        let lifetime_s = if wanted_s == Some(0) { 0 } else { lifetime(message).min(request.lasts_s) };
        let family = message.get(attribute::REQUESTED_ADDRESS_FAMILY).and_then(|it| it.first());
        let mut shard = self.shard_of(&client);
        let allocation = shard.of_client(&client, now_s).ok_or(Refusal::Mismatch)?;
        check_owner(allocation, request)?;
        let own_family = if allocation.relayed.is_ipv4() { 1 } else { 2 };
        if family.is_some_and(|it| *it != own_family) {
            return Err(bad(443, "Peer Address Family Mismatch"));
        }
        allocation.until_s = now_s.saturating_add(lifetime_s);
        if lifetime_s == 0 {
            let removed = shard.remove(&client);
            drop(shard);
            self.release(removed);
        } else {
            shard.reschedule(&client);
        }
        Ok(Answer::Success { lifetime_s: Some(lifetime_s) })
    }

    /// RFC 8656, section 10.2.
    fn create_permission(&self, request: &Authentic<'_>) -> Result<Answer, Failure> {
        let Authentic { now_s, client, message, .. } = *request;
        let peers: Option<Vec<_>> = message.addresses(attribute::XOR_PEER_ADDRESS).collect();
        let peers = peers.filter(|it| !it.is_empty()).ok_or(Refusal::BadRequest)?;
        let are_reachable = peers.iter().all(|it| self.is_reachable(*it));
        let mut shard = self.shard_of(&client);
        let allocation = shard.of_client(&client, now_s).ok_or(Refusal::Mismatch)?;
        check_owner(allocation, request)?;
        if peers.iter().any(|it| it.is_ipv4() != allocation.relayed.is_ipv4()) {
            return Err(bad(443, "Peer Address Family Mismatch"));
        }
        if !are_reachable {
            return Err(Refusal::DeniedAddress.into());
        }
        for peer in peers.into_iter().filter(|it| self.is_worth_keeping(it.ip())) {
            allocation.permit(peer.ip(), now_s)?;
            if allocation.keeps_names(peer.ip()) {
                allocation.name(peer, now_s)?;
            }
        }
        self.weigh(allocation);
        Ok(Answer::Success { lifetime_s: None })
    }

    /// RFC 8656, section 12.2.
    fn channel_bind(&self, request: &Authentic<'_>) -> Result<Answer, Failure> {
        let Authentic { now_s, client, message, .. } = *request;
        let channel = message.number(attribute::CHANNEL_NUMBER).map(|it| (it >> 16) as u16);
        let fields = channel.filter(|it| CHANNELS.contains(it)).zip(message.address(attribute::XOR_PEER_ADDRESS));
        let (channel, peer) = fields.ok_or(Refusal::BadRequest)?;
        let is_reachable = self.is_reachable(peer);
        let mut shard = self.shard_of(&client);
        let allocation = shard.of_client(&client, now_s).ok_or(Refusal::Mismatch)?;
        check_owner(allocation, request)?;
        if peer.is_ipv4() != allocation.relayed.is_ipv4() {
            return Err(bad(443, "Peer Address Family Mismatch"));
        }
        if !is_reachable {
            return Err(Refusal::DeniedAddress.into());
        }
        allocation.bind(channel, peer, now_s)?;
        self.weigh(allocation);
        Ok(Answer::Success { lifetime_s: None })
    }
}

/// An allocation is its maker's alone (RFC 8656, section 5).
fn check_owner<T>(allocation: &Allocation<T>, request: &Authentic<'_>) -> Result<(), Failure> {
    if request.who.is(&allocation.user.name) {
        return Ok(());
    }
    Err(Failure { code: 441, text: "Wrong Credentials", refusal: Refusal::WrongCredentials })
}

fn lifetime(message: &Message<'_>) -> u32 {
    message.number(attribute::LIFETIME).unwrap_or(LIFETIME_S).clamp(LIFETIME_S, LIFETIME_MAX_S)
}

fn unknown_attributes(message: &Message<'_>) -> Vec<u8> {
    message.unknown().take(UNKNOWN_MAX).flat_map(u16::to_be_bytes).collect()
}
