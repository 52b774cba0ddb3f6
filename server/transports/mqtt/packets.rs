//! MQTT packets, 3.1.1 and 5, by mqtt-protocol-core; the only file that names that crate.
//!
//! **Invariants:** no socket, no clock. A packet longer than allowed is refused before there is room for it. What is to be
//! sent because of what was received stands in [`Packets::take_answers`] in the order of its causes.
use std::time::Duration;

use bytes::Bytes;
use mqtt_protocol_core::mqtt::{
    Connection, Version,
    common::Cursor,
    connection::{ConnectionOptions, Event, TimerKind},
    packet::{GenericPacketTrait as _, MqttString, Packet, SubEntry, v3_1_1, v5_0},
    result_code::{
        ConnectReasonCode, ConnectReturnCode, MqttError, SubackReasonCode, SubackReturnCode, UnsubackReasonCode,
    },
    role::Server,
};

/// What a client's packet asks for, as far as anything has to be done outside this file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum MqttEvent {
    /// CONNECT, to be answered with [`Packets::connack`] or [`Packets::connack_refused`].
    Connect {
        /// Its client identifier.
        client: String,
    },
    /// SUBSCRIBE, to be answered with [`Packets::suback`].
    Subscribe {
        /// The packet identifier.
        id: u16,
        /// One or more.
        filters: Vec<String>,
    },
    /// UNSUBSCRIBE, to be answered with [`Packets::unsuback`].
    Unsubscribe {
        /// The packet identifier.
        id: u16,
        /// One or more.
        filters: Vec<String>,
    },
    /// PUBLISH. Acknowledged already where its quality of service asks for it.
    Publish {
        /// Where to.
        topic: String,
        /// Any bytes.
        payload: Vec<u8>,
    },
    /// DISCONNECT.
    Disconnect,
    /// No MQTT, or nothing that is allowed here. There may be an answer to send; then the connection is to be closed.
    ProtocolError,
}

/// Both ways of one connection.
pub(super) struct Packets {
    connection: Connection<Server>,
    answers: Vec<Bytes>,
    /// Set by each packet once it is known.
    keep_alive: Option<Option<Duration>>,
    /// Bytes of a packet that is not complete.
    n_unfinished: usize,
}

/// Messages of quality of service 1 and 2 that a client may have in flight; each has to be remembered until it is done.
const IN_FLIGHT_MAX: u16 = 64;

/// Of a topic, and of a filter. A mailbox is a client identifier and one word.
const TOPIC_BYTES_MAX: usize = 1_024;

/// Filters of one SUBSCRIBE or UNSUBSCRIBE. A client has one mailbox to ask for.
const FILTERS_MAX: usize = 64;

impl Packets {
    pub(super) fn new(packet_bytes_max: usize) -> Self {
        let size = u32::try_from(packet_bytes_max).unwrap_or(u32::MAX);
        let options = ConnectionOptions::new().maximum_packet_size_recv(size).receive_maximum(IN_FLIGHT_MAX);
        let mut connection = Connection::with_options(Version::Undetermined, options);
        connection.set_auto_pub_response(true);
        connection.set_auto_ping_response(true);
        Packets { connection, answers: Vec::new(), keep_alive: None, n_unfinished: 0 }
    }

    /// What the first packet in `bytes` asks for; the bytes are read as far as that takes. `None`: it asks for nothing, or is
    /// not complete.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Option<MqttEvent> {
        let mut cursor = Cursor::new(*bytes);
        let events = self.connection.recv(&mut cursor);
        let n_read = usize::try_from(cursor.position()).unwrap_or(usize::MAX).min(bytes.len());
        *bytes = if n_read == 0 { &[] } else { &bytes[n_read..] };
        // Of a packet that is not complete the codec takes all there is, and has nothing to tell.
        let is_unfinished = events.is_empty() && bytes.is_empty();
        self.n_unfinished = if is_unfinished { self.n_unfinished + n_read } else { 0 };
        self.on_events(events)
    }

    /// Bytes of a packet that is not complete.
    pub(super) fn n_unfinished(&self) -> u64 {
        self.n_unfinished as u64
    }

    /// CONNACK: accepted.
    pub(super) fn connack(&mut self) {
        if self.is_five() {
            let connack = v5_0::Connack::builder().session_present(false).reason_code(ConnectReasonCode::Success);
            self.send(connack.build());
        } else {
            let connack = v3_1_1::Connack::builder().session_present(false).return_code(ConnectReturnCode::Accepted);
            self.send(connack.build());
        }
    }

    /// CONNACK: the client identifier is not allowed. The connection is to be closed.
    pub(super) fn connack_refused(&mut self) {
        if self.is_five() {
            let code = ConnectReasonCode::ClientIdentifierNotValid;
            self.send(v5_0::Connack::builder().session_present(false).reason_code(code).build());
        } else {
            let code = ConnectReturnCode::IdentifierRejected;
            self.send(v3_1_1::Connack::builder().session_present(false).return_code(code).build());
        }
    }

    /// SUBACK: which of the filters are granted, all at quality of service 0.
    pub(super) fn suback(&mut self, id: u16, granted: impl Iterator<Item = bool>) {
        if self.is_five() {
            let code = |yes| if yes { SubackReasonCode::GrantedQos0 } else { SubackReasonCode::NotAuthorized };
            let codes = granted.map(code).collect();
            self.send(v5_0::Suback::builder().packet_id(id).reason_codes(codes).build());
        } else {
            let code = |yes| if yes { SubackReturnCode::SuccessMaximumQos0 } else { SubackReturnCode::Failure };
            let codes = granted.map(code).collect();
            self.send(v3_1_1::Suback::builder().packet_id(id).return_codes(codes).build());
        }
    }

    /// UNSUBACK: which of the filters were there.
    pub(super) fn unsuback(&mut self, id: u16, were_there: impl Iterator<Item = bool>) {
        if self.is_five() {
            let code = |yes| if yes { UnsubackReasonCode::Success } else { UnsubackReasonCode::NoSubscriptionExisted };
            let codes = were_there.map(code).collect();
            self.send(v5_0::Unsuback::builder().packet_id(id).reason_codes(codes).build());
        } else {
            self.send(v3_1_1::Unsuback::builder().packet_id(id).build());
        }
    }

    /// PUBLISH at quality of service 0. Sends nothing if the client has announced that it takes no packet of that length.
    pub(super) fn publish(&mut self, topic: &str, payload: &str) {
        if self.is_five() {
            let publish = v5_0::Publish::builder().topic_name(topic).and_then(|it| it.payload(payload).build());
            self.send(publish);
        } else {
            let publish = v3_1_1::Publish::builder().topic_name(topic).and_then(|it| it.payload(payload).build());
            self.send(publish);
        }
    }

    /// What is to be sent, once.
    pub(super) fn take_answers(&mut self) -> Vec<Bytes> {
        std::mem::take(&mut self.answers)
    }

    /// Once after each packet of a client that has connected: within what time the next one has to come, which is one and a half
    /// times its keep-alive (MQTT 5, section 3.1.2.10). The inner `None`: it has no keep-alive.
    pub(super) fn keep_alive(&mut self) -> Option<Option<Duration>> {
        self.keep_alive.take()
    }

    fn is_five(&self) -> bool {
        self.connection.get_protocol_version() == Version::V5_0
    }

    fn send<P: Into<Packet>>(&mut self, packet: Result<P, MqttError>) {
        // What may not be sent is dropped: nothing that is sent here has an identifier to give back.
        for event in packet.map(|it| self.connection.send(it.into())).unwrap_or_default() {
            if let Event::RequestSendPacket { packet, .. } = event {
                self.answers.push(packet.to_continuous_buffer().into());
            }
        }
    }

    fn on_events(&mut self, events: Vec<Event>) -> Option<MqttEvent> {
        let mut asked = None;
        for event in events {
            match event {
                Event::NotifyPacketReceived(packet) => {
                    asked = asked.or(read(packet));
                    if let Some(MqttEvent::Connect { .. }) = asked {
                        self.keep_alive.get_or_insert(None);
                    }
                }
                Event::RequestSendPacket { packet, .. } => self.answers.push(packet.to_continuous_buffer().into()),
                Event::RequestTimerReset { kind: TimerKind::PingreqRecv, duration_ms } => {
                    self.keep_alive = Some(Some(Duration::from_millis(duration_ms)));
                }
                Event::NotifyError(MqttError::UnsupportedProtocolVersion) => {
                    self.answers.push(Bytes::from_static(WRONG_VERSION));
                    asked = Some(MqttEvent::ProtocolError);
                }
                Event::NotifyError(error) => {
                    tracing::debug!(event = "protocol_error", reason = ?error);
                    asked = Some(MqttEvent::ProtocolError);
                }
                Event::RequestClose => asked = asked.or(Some(MqttEvent::ProtocolError)),
                Event::RequestTimerReset { .. } | Event::RequestTimerCancel(_) | Event::NotifyPacketIdReleased(_) => (),
            }
        }
        asked
    }
}

/// CONNACK with return code 1, "unacceptable protocol version" (MQTT 3.1.1, section 3.1.2.2).
const WRONG_VERSION: &[u8] = &[0x20, 0x02, 0x00, 0x01];

/// `None`: nothing has to be done outside this file.
fn read(packet: Packet) -> Option<MqttEvent> {
    let event = event_of(packet)?;
    let is_bounded = match &event {
        MqttEvent::Subscribe { filters, .. } | MqttEvent::Unsubscribe { filters, .. } => {
            filters.len() <= FILTERS_MAX && filters.iter().all(|it| it.len() <= TOPIC_BYTES_MAX)
        }
        MqttEvent::Publish { topic, .. } => topic.len() <= TOPIC_BYTES_MAX,
        MqttEvent::Connect { .. } | MqttEvent::Disconnect | MqttEvent::ProtocolError => true,
    };
    Some(if is_bounded { event } else { MqttEvent::ProtocolError })
}

fn event_of(packet: Packet) -> Option<MqttEvent> {
    let asked = |it: &SubEntry| it.topic_filter().to_owned();
    let text = |it: &MqttString| it.as_str().to_owned();
    Some(match packet {
        Packet::V3_1_1Connect(it) => MqttEvent::Connect { client: it.client_id().to_owned() },
        Packet::V5_0Connect(it) => MqttEvent::Connect { client: it.client_id().to_owned() },
        Packet::V3_1_1Subscribe(it) => {
            MqttEvent::Subscribe { id: it.packet_id(), filters: it.entries().iter().map(asked).collect() }
        }
        Packet::V5_0Subscribe(it) => {
            MqttEvent::Subscribe { id: it.packet_id(), filters: it.entries().iter().map(asked).collect() }
        }
        Packet::V3_1_1Unsubscribe(it) => {
            MqttEvent::Unsubscribe { id: it.packet_id(), filters: it.entries().iter().map(text).collect() }
        }
        Packet::V5_0Unsubscribe(it) => {
            MqttEvent::Unsubscribe { id: it.packet_id(), filters: it.entries().iter().map(text).collect() }
        }
        Packet::V3_1_1Publish(it) => {
            MqttEvent::Publish { topic: it.topic_name().to_owned(), payload: it.payload().as_slice().to_owned() }
        }
        Packet::V5_0Publish(it) => {
            MqttEvent::Publish { topic: it.topic_name().to_owned(), payload: it.payload().as_slice().to_owned() }
        }
        Packet::V3_1_1Disconnect(_) | Packet::V5_0Disconnect(_) => MqttEvent::Disconnect,
        _ => return None,
    })
}
