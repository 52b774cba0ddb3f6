//! What guests say, read from frames: one message is one frame of JSON. Whatever is passed on keeps the text that it came
//! in, since chunks of files hold halves of characters that no other form of it could.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::extension;
use super::listed::{file_id, offered_file};
use super::meter::Purse;
use super::person::{Person, SaidPerson};
use super::text::{cut_owned, is_id, is_message_id, is_stay};
use crate::sdp::Kind;

/// What every end of a data channel can take in one message.
pub(crate) const FRAME_BYTES_MAX: usize = 65_536;

pub(super) const STREAMS_MAX: usize = 8;
pub(super) const SIZES_MAX: usize = 400;
const CHAT_UNITS_MAX: usize = 2_000;
pub(super) const FILES_MAX: usize = 20;

/// How large somebody shows a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Size {
    /// It comes another way: not even its sound is needed.
    None,
    Hidden,
    Small,
    Medium,
    Large,
}

/// One message of a guest. `target` is a number in the room where it matters.
#[derive(Debug)]
pub(super) enum Said<'a> {
    Knock {
        password: Cow<'a, str>,
        member: Option<&'a str>,
        /// What the guest's downlink was found to take before, in bits a second.
        downlink: Option<u32>,
    },
    Introduce(Box<Person>),
    Chat(Chat<'a>),
    AskRoster,
    AskCalls,
    AskCard,
    JoinCall,
    LeaveCall,
    Streams(Announced),
    WantStream(String),
    Media(&'a RawValue),
    Sizes(Vec<(String, Size)>),
    FileAnnounced(&'a RawValue),
    FileWithdrawn {
        file: String,
        idata: &'a RawValue,
    },
    /// For another guest, who gets it as it came.
    ForGuest {
        target: u32,
        idata: &'a RawValue,
        purse: Purse,
    },
    Moved(Cow<'a, str>),
    MovedNoted,
    Signal(&'a RawValue),
    /// For those who know the messages of our pages.
    ForCapable {
        idata: &'a RawValue,
        purse: Purse,
    },
    /// For everybody whose page can open it. `id`: of a message, which is acknowledged.
    Sealed {
        id: Option<&'a str>,
        idata: &'a RawValue,
    },
    Heard(&'a str),
    AskHistory,
}

#[derive(Debug)]
pub(super) struct Chat<'a> {
    pub(super) text: String,
    pub(super) id: Option<&'a str>,
    pub(super) reply_to: Option<&'a str>,
    /// The files that it lists, by their ids.
    pub(super) files: Vec<(String, &'a RawValue)>,
    pub(super) idata: &'a RawValue,
    /// What it holds, to which an id can be added.
    pub(super) data: &'a RawValue,
}

/// Somebody's streams, by their ids, with the announcement as others are to hear it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Announced {
    pub(super) streams: Vec<String>,
    pub(super) primary: Option<String>,
    /// `about` and `media` of our pages, as they came and of bounded size.
    pub(super) about: Option<Box<str>>,
    pub(super) media: Option<Box<str>>,
}

impl Announced {
    /// The tracks of a stream: a camera's has sound too, and a screen's where that is said.
    pub(super) fn expected(&self, stream: &str) -> Vec<Kind> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Media {
            camera_off: bool,
        }
        #[derive(Deserialize)]
        struct About<'a> {
            #[serde(borrow)]
            id: Cow<'a, str>,
            #[serde(default)]
            sound: Option<bool>,
        }
        let Some(media) = self.media.as_deref().and_then(|it| serde_json::from_str::<Media>(it).ok()) else {
            return Vec::new();
        };
        if self.primary.as_deref() == Some(stream) {
            return if media.camera_off { vec![Kind::Audio] } else { vec![Kind::Audio, Kind::Video] };
        }
        let about = self.about.as_deref().and_then(|it| serde_json::from_str::<Vec<About<'_>>>(it).ok());
        let screen = about.and_then(|it| it.into_iter().find(|about| about.id == stream));
        match screen.map(|it| it.sound) {
            Some(Some(true)) => vec![Kind::Audio, Kind::Video],
            Some(_) => vec![Kind::Video],
            None => Vec::new(),
        }
    }
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, default)]
    target: Option<&'a RawValue>,
    #[serde(borrow)]
    idata: &'a RawValue,
}

#[derive(Deserialize)]
struct Idata<'a> {
    #[serde(borrow, rename = "type")]
    kind: &'a RawValue,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(rename = "type")]
    kind: u32,
    #[serde(borrow, default)]
    special: Option<&'a RawValue>,
}

pub(super) fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// `None` for what is none of our messages.
pub(super) fn parse(text: &str) -> Option<Said<'_>> {
    let frame: Frame<'_> = serde_json::from_str(text).ok()?;
    let idata: Idata<'_> = read(frame.idata)?;
    let target = || number(frame.target?);
    let data = idata.data;
    match idata.kind.get() {
        "0" => knock(data?),
        "1" => introduce(data?),
        "2" => chat(frame.idata, data?),
        "3" => Some(Said::AskRoster),
        "4" => Some(Said::AskCalls),
        "5" => Some(Said::AskCard),
        "7" => call(data?),
        "8" => file(frame.idata, data?, target),
        other => extension::parse(other, frame.idata, data?, target),
    }
}

/// Numbers of members are texts in frames.
fn number(raw: &RawValue) -> Option<u32> {
    let text: Cow<'_, str> = read(raw)?;
    text.parse().ok()
}

fn knock(data: &RawValue) -> Option<Said<'_>> {
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        pwd: Cow<'a, str>,
        #[serde(borrow, default)]
        member: Option<&'a RawValue>,
        #[serde(borrow, default)]
        downlink: Option<&'a RawValue>,
    }
    let Data { pwd, member, downlink } = read(data)?;
    let member = member.and_then(read::<&str>).filter(|it| is_stay(it));
    Some(Said::Knock { password: pwd, member, downlink: downlink.and_then(read) })
}

fn introduce(data: &RawValue) -> Option<Said<'_>> {
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        user: SaidPerson<'a>,
    }
    let Data { user } = read(data)?;
    Some(Said::Introduce(Box::new(user.into())))
}

fn chat<'a>(idata: &'a RawValue, data: &'a RawValue) -> Option<Said<'a>> {
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow, default)]
        msg: Option<&'a RawValue>,
        #[serde(borrow, default)]
        id: Option<&'a RawValue>,
        #[serde(borrow, default)]
        re: Option<&'a RawValue>,
        #[serde(borrow, default)]
        files: Option<&'a RawValue>,
    }
    let Data { msg, id, re, files } = read(data)?;
    if !msg.is_none_or(|it| it.get().starts_with('"') || it.get() == "null") {
        return None;
    }
    // A text with half a character in it is passed on all the same, and only history goes without it.
    let text = msg.and_then(read::<Cow<'_, str>>).map_or_else(String::new, |it| cut_owned(it, CHAT_UNITS_MAX));
    let named = |raw: Option<&'a RawValue>| raw.and_then(read::<&str>).filter(|it| is_message_id(it));
    let files = files.and_then(read::<Vec<&RawValue>>).unwrap_or_default();
    let files = files.into_iter().take(FILES_MAX).filter_map(|file| Some((offered_file(file)?, file))).collect();
    Some(Said::Chat(Chat { text, id: named(id), reply_to: named(re), files, idata, data }))
}

fn call(data: &RawValue) -> Option<Said<'_>> {
    let Typed { kind, special } = read(data)?;
    match kind {
        0 => Some(Said::JoinCall),
        1 => Some(Said::LeaveCall),
        4 => announced(special?).map(Said::Streams),
        6 => {
            #[derive(Deserialize)]
            struct Wanted<'a> {
                #[serde(borrow, rename = "StreamID")]
                stream: Cow<'a, str>,
            }
            let Wanted { stream } = read(special?)?;
            is_id(&stream).then(|| Said::WantStream(stream.into_owned()))
        }
        _ => None,
    }
}

/// What an announcement holds beyond ids is passed on unread, and so is small.
pub(super) const EXTRA_BYTES_MAX: usize = 4_000;

fn announced(special: &RawValue) -> Option<Announced> {
    #[derive(Deserialize)]
    struct Special<'a> {
        #[serde(borrow)]
        possibilities: Set<'a>,
        #[serde(borrow, default, rename = "primaryStream")]
        primary: Option<Cow<'a, str>>,
        #[serde(borrow, default)]
        about: Option<&'a RawValue>,
        #[serde(borrow, default)]
        media: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Set<'a> {
        #[serde(borrow, rename = "dataType")]
        kind: Cow<'a, str>,
        #[serde(borrow)]
        value: Vec<Cow<'a, str>>,
    }
    let Special { possibilities, primary, about, media } = read(special)?;
    if possibilities.kind != "Set" {
        return None;
    }
    let mut streams: Vec<String> = Vec::new();
    for id in possibilities.value.into_iter().take(STREAMS_MAX) {
        if is_id(&id) && !streams.iter().any(|it| *it == id) {
            streams.push(id.into_owned());
        }
    }
    let primary = primary.map(Cow::into_owned).filter(|it| streams.contains(it));
    let extra =
        |raw: Option<&RawValue>| raw.map(RawValue::get).filter(|it| it.len() <= EXTRA_BYTES_MAX).map(Into::into);
    Some(Announced { streams, primary, about: extra(about), media: extra(media) })
}

fn file<'a>(idata: &'a RawValue, data: &'a RawValue, target: impl FnOnce() -> Option<u32>) -> Option<Said<'a>> {
    let Typed { kind, special } = read(data)?;
    let special = special?;
    match kind {
        0 => {
            #[derive(Deserialize)]
            struct Announced<'a> {
                #[serde(borrow)]
                file: &'a RawValue,
            }
            let Announced { file } = read(special)?;
            offered_file(file).map(|_| Said::FileAnnounced(idata))
        }
        1 => {
            let file = file_id(special)?;
            Some(Said::FileWithdrawn { file, idata })
        }
        4 => {
            // Chunks and what asks for them are many; the rest is about whole files.
            let Typed { kind, .. } = read(special)?;
            let purse = if matches!(kind, 2 | 3) { Purse::Chunks } else { Purse::Requests };
            Some(Said::ForGuest { target: target()?, idata, purse })
        }
        _ => None,
    }
}

impl Said<'_> {
    /// What it is paid from.
    pub(super) fn purse(&self) -> Purse {
        match self {
            Said::ForGuest { purse, .. } | Said::ForCapable { purse, .. } => *purse,
            Said::AskRoster | Said::AskCalls | Said::AskCard | Said::AskHistory => Purse::Questions,
            Said::JoinCall | Said::LeaveCall | Said::Streams(_) | Said::WantStream(_) => Purse::Call,
            Said::Media(_) | Said::Sizes(_) => Purse::Call,
            Said::FileAnnounced(_) | Said::FileWithdrawn { .. } => Purse::Announcements,
            Said::Signal(_) => Purse::Signals,
            Said::Heard(_) => Purse::Acks,
            Said::Sealed { id: None, .. } => Purse::Topics,
            Said::Sealed { .. } => Purse::Talk,
            Said::Knock { .. } | Said::Introduce(_) | Said::Chat(_) | Said::Moved(_) | Said::MovedNoted => Purse::Talk,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_keep_halves_of_characters() {
        let text =
            r#"{"target":"2","idata":{"type":8,"data":{"type":4,"special":{"type":3,"idata":{"Chunk":"\ud800x"}}}}}"#;
        let Some(Said::ForGuest { target: 2, idata, purse: Purse::Chunks }) = parse(text) else { panic!("a chunk") };
        assert!(idata.get().contains(r"\ud800x"));
    }

    #[test]
    fn an_announcement_is_read_as_far_as_it_makes_sense() {
        let text = r#"{"target":"1","idata":{"type":7,"data":{"type":4,"special":{"possibilities":{"dataType":"Set",
            "value":["a","b","a",""]},"primaryStream":"b","media":{"muted":true}}}}}"#;
        let Some(Said::Streams(found)) = parse(text) else { panic!("an announcement") };
        assert_eq!((found.streams, found.primary.as_deref()), (vec!["a".into(), "b".into()], Some("b")));
        assert_eq!(found.media.as_deref(), Some(r#"{"muted":true}"#));
    }

    #[test]
    fn an_announcement_says_what_will_come() {
        let of = |media: &str, stream: &str| {
            let about = r#"[{"id":"c","hint":"motion","sound":null},{"id":"s","sound":true},{"id":"t","sound":false}]"#;
            let (primary, about, media) = (Some("c".to_owned()), Some(about.into()), Some(media.into()));
            Announced { streams: Vec::new(), primary, about, media }.expected(stream)
        };
        let (on, off) = (r#"{"muted":false,"cameraOff":false}"#, r#"{"muted":false,"cameraOff":true}"#);
        assert_eq!(of(on, "c"), [Kind::Audio, Kind::Video]);
        assert_eq!(
            (of(off, "c"), of(on, "s"), of(on, "t")),
            (vec![Kind::Audio], vec![Kind::Audio, Kind::Video], vec![Kind::Video])
        );
        assert!([of(on, "x"), of("{}", "c"), of("null", "c"), Announced::default().expected("c")].concat().is_empty());
    }

    #[test]
    fn nonsense_is_nothing() {
        for text in
            ["", "null", "[]", r#"{"idata":{}}"#, r#"{"idata":{"type":0}}"#, r#"{"idata":{"type":99,"data":{}}}"#]
        {
            assert!(parse(text).is_none(), "{text}");
        }
        let deep = format!(r#"{{"idata":{{"type":2,"data":{}"#, "[".repeat(60_000));
        assert!(parse(&deep).is_none());
    }
}
