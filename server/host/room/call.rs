//! The call: who is in it with which streams, and who has asked for which of them. What flows where is not decided message
//! by message: it is what [`Room::wishes`] says after every change.

use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::frame::{Announced, Size};
use super::write::{self, ROOM};
use super::{Effect, LinkId, MemberId, Room};
use crate::connection::Downlink;
use crate::sdp::Kind;

/// More than a room with cameras and screens announces.
const ASKED_MAX: usize = 200;

/// Somebody in the call.
#[derive(Debug)]
struct Caller {
    member: MemberId,
    announced: Announced,
}

/// What the call is to one link. It ends with the link; over the next one everything is asked for anew.
#[derive(Debug, Default)]
struct CallLink {
    /// What the far end has asked for.
    asked: Vec<String>,
    /// How large it shows what it gets, or is about to ask for.
    sizes: Vec<(String, Size)>,
    /// How large it has been told that we need what it sends; `Large` where nothing was said.
    told: Vec<(String, Size)>,
    /// What we have asked it for.
    wanted: Vec<String>,
    /// What has come of that.
    come: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Calls {
    callers: Vec<Caller>,
    links: Vec<(LinkId, CallLink)>,
}

impl Calls {
    pub(super) fn len(&self) -> usize {
        self.callers.len()
    }

    fn of(&self, member: &str) -> Option<&Announced> {
        self.callers.iter().find(|it| *it.member == *member).map(|it| &it.announced)
    }

    fn of_mut(&mut self, member: &str) -> Option<&mut Announced> {
        self.callers.iter_mut().find(|it| *it.member == *member).map(|it| &mut it.announced)
    }

    /// Whose stream it is.
    fn owner(&self, stream: &str) -> Option<&MemberId> {
        self.callers.iter().find(|it| it.announced.streams.iter().any(|id| id == stream)).map(|it| &it.member)
    }

    /// Whether they were in the call.
    pub(super) fn forget(&mut self, member: &str) -> bool {
        let before = self.callers.len();
        self.callers.retain(|it| *it.member != *member);
        before != self.callers.len()
    }

    fn link(&self, id: LinkId) -> Option<&CallLink> {
        self.links.iter().find(|(it, _)| *it == id).map(|(_, link)| link)
    }

    fn link_mut(&mut self, id: LinkId) -> &mut CallLink {
        let at = self.links.iter().position(|(it, _)| *it == id).unwrap_or_else(|| {
            self.links.push((id, CallLink::default()));
            self.links.len() - 1
        });
        &mut self.links[at].1
    }
}

/// A stream that is to be sent to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) stream: String,
    /// Where it comes from.
    pub(crate) from: LinkId,
    /// False where it comes another way, and for whoever has left the call and would be shown nothing else under this id when
    /// they come back: the transceivers stay, and nothing flows.
    pub(crate) flows: bool,
    /// How large it is shown, where the page says so.
    pub(crate) size: Option<Size>,
    /// Microphone and camera, not a screen.
    pub(crate) primary: bool,
}

impl Room {
    /// What is to be sent over a link.
    pub(crate) fn wishes(&self, id: LinkId) -> Vec<Wish> {
        let Some((_, member)) = self.speaker(id) else { return Vec::new() };
        let calls = self.calls.of(&member).is_some();
        let Some(link) = self.calls.link(id) else { return Vec::new() };
        let wish = |stream: &String| {
            let owner = self.calls.owner(stream).filter(|owner| **owner != member)?;
            let size = size_of(&link.sizes, stream);
            let flows = calls && size != Some(Size::None);
            let primary = self.calls.of(owner).is_some_and(|it| it.primary.as_ref() == Some(stream));
            Some(Wish { stream: stream.clone(), from: self.link_to(owner)?, flows, size, primary })
        };
        link.asked.iter().filter_map(wish).collect()
    }

    /// What a stream that has not come yet will consist of, as its owner's announcement says; nothing where it does not say so.
    pub(crate) fn expected(&self, stream: &str) -> Vec<Kind> {
        self.calls
            .owner(stream)
            .and_then(|owner| self.calls.of(owner))
            .map(|it| it.expected(stream))
            .unwrap_or_default()
    }

    /// Whether a stream is announced by whoever is at the other end of a link: nobody sends under an id that is another's.
    pub(crate) fn announces(&self, id: LinkId, stream: &str) -> bool {
        let owner = self.calls.owner(stream);
        owner.is_some() && owner == self.speaker(id).as_ref().map(|(_, member)| member)
    }

    /// Whether a page that asks for whatever is announced, as ours do, is still to ask for some of it.
    pub(crate) fn is_asking(&self, id: LinkId) -> bool {
        let Some((_, member)) = self.speaker(id).filter(|_| self.is_calling(id) && self.caps(id).media) else {
            return false;
        };
        let asked = self.calls.link(id).map_or(&[][..], |link| &link.asked);
        let others = self.calls.callers.iter().filter(|it| it.member != member);
        let mut announced = others.flat_map(|it| &it.announced.streams);
        asked.len() < ASKED_MAX && announced.any(|stream| !asked.contains(stream))
    }

    /// Whether somebody is in the call.
    pub(crate) fn is_calling(&self, id: LinkId) -> bool {
        self.speaker(id).is_some_and(|(_, member)| self.calls.of(&member).is_some())
    }

    pub(super) fn call_joined(&mut self, id: LinkId, member: &MemberId, number: u32) {
        if self.calls.of(member).is_none() {
            self.calls.callers.push(Caller { member: Arc::clone(member), announced: Announced::default() });
            self.tell_calls(id);
        }
        self.broadcast(&write::call(&number.to_string(), 0, &json!(true)), Some(id));
        self.call_changed();
    }

    pub(super) fn call_left(&mut self, id: LinkId, member: &str, number: u32) {
        self.calls.forget(member);
        // An original page that comes back shows the very streams that it had, so that it goes on asking for them.
        let again = self.caps(id).media;
        let link = self.calls.link_mut(id);
        if again {
            link.asked.clear();
            link.sizes.clear();
        }
        // Whatever they announce when they come again is asked for again.
        link.wanted.clear();
        self.broadcast(&write::call(&number.to_string(), 1, &json!({})), Some(id));
        self.call_changed();
    }

    pub(super) fn announced(&mut self, id: LinkId, member: &MemberId, number: u32, said: Announced) {
        let Announced { mut streams, primary, about, media } = said;
        streams.retain(|stream| self.calls.owner(stream).is_none_or(|owner| owner == member));
        let known = self.calls.of_mut(member).and_then(|it| it.media.take());
        let primary = primary.filter(|it| streams.contains(it));
        let said = Announced { streams, primary, about, media: media.or(known) };
        let frame = write::call(&number.to_string(), 4, &write::announced(&said));
        match self.calls.of_mut(member) {
            Some(announced) => *announced = said,
            None => self.calls.callers.push(Caller { member: Arc::clone(member), announced: said }),
        }
        self.broadcast(&frame, Some(id));
        self.ask_for_all(id, member);
        self.call_changed();
    }

    /// A host wants everything, to pass it on: original pages cannot leave a call or end a share that nobody asked for.
    fn ask_for_all(&mut self, id: LinkId, member: &str) {
        let streams = self.calls.of(member).map(|it| it.streams.clone()).unwrap_or_default();
        let link = self.calls.link_mut(id);
        link.wanted.retain(|it| streams.contains(it));
        link.come.retain(|it| streams.contains(it));
        let unasked = |it: &String| !link.wanted.contains(it) && !link.come.contains(it);
        let new: Vec<_> = streams.into_iter().filter(unasked).collect();
        for stream in new {
            self.calls.link_mut(id).wanted.push(stream.clone());
            self.send(id, write::call(ROOM, 6, &json!({ "StreamID": stream })));
        }
    }

    /// A stream has begun to come.
    pub(crate) fn stream_come(&mut self, id: LinkId, stream: &str) {
        if self.announces(id, stream) {
            let link = self.calls.link_mut(id);
            if !link.come.iter().any(|it| it == stream) {
                link.come.push(stream.to_owned());
            }
        }
    }

    /// A stream that was sent is sent no more. Whoever still announces it is asked for it once more: it may have gone
    /// because they had left the call for a moment.
    pub(crate) fn stream_gone(&mut self, id: LinkId, stream: &str) {
        if let Some((_, link)) = self.calls.links.iter_mut().find(|(it, _)| *it == id) {
            link.wanted.retain(|it| it != stream);
            link.come.retain(|it| it != stream);
        }
        if !self.announces(id, stream) {
            return;
        }
        if let Some((_, member)) = self.speaker(id) {
            self.ask_for_all(id, &member);
        }
    }

    pub(super) fn wanted(&mut self, id: LinkId, stream: String) {
        let Some(owner) = self.calls.owner(&stream).cloned() else { return self.tell_calls(id) };
        let link = self.calls.link_mut(id);
        if link.asked.contains(&stream) {
            // Asked again, because it has not come: perhaps our own request was lost on its owner.
            let comes = |over: &LinkId| self.calls.link(*over).is_some_and(|it| it.come.contains(&stream));
            if let Some(over) = self.link_to(&owner).filter(|over| *over != id && !comes(over)) {
                self.effects.push_back(Effect::CallChanged);
                self.send(over, write::call(ROOM, 6, &json!({ "StreamID": stream })));
            }
            return;
        }
        if link.asked.len() < ASKED_MAX {
            link.asked.push(stream);
        }
        self.call_changed();
    }

    pub(super) fn media_said(&mut self, id: LinkId, member: &str, number: u32, media: &RawValue) {
        let Ok(said) = serde_json::from_str::<Value>(media.get()) else { return };
        let Some(announced) = self.calls.of_mut(member) else { return };
        announced.media = Some(media.get().into());
        let frame = write::message(&number.to_string(), &json!("media"), &said);
        let ready: Vec<_> =
            self.links.iter().filter(|(it, link)| link.is_ready() && *it != id).map(|(id, _)| *id).collect();
        for to in ready.into_iter().filter(|to| self.caps(*to).media).collect::<Vec<_>>() {
            self.send_from(Some(id), to, Arc::clone(&frame));
        }
    }

    pub(super) fn sizes_said(&mut self, id: LinkId, said: Vec<(String, Size)>) {
        for (stream, size) in said {
            if self.calls.owner(&stream).is_some() {
                let link = self.calls.link_mut(id);
                link.sizes.retain(|(it, _)| *it != stream);
                link.sizes.push((stream, size));
            }
        }
        self.call_changed();
    }

    /// What a page of ours is to tell the next host, should this one be started anew, and by what it decides whether it calls
    /// others past this one.
    pub(crate) fn tell_downlink(&mut self, id: LinkId, downlink: Downlink) {
        if self.is_calling(id) && self.caps(id).media {
            self.send(id, write::downlink(downlink));
        }
    }

    /// Everybody in the call.
    pub(super) fn tell_calls(&mut self, id: LinkId) {
        let number = |member: &MemberId| self.member(member).map(|it| it.number.to_string());
        let entry = |it: &Caller| Some(json!([number(&it.member)?, write::announced(&it.announced)]));
        let value: Vec<_> = self.calls.callers.iter().filter_map(entry).collect();
        self.send(id, write::message(ROOM, &json!(4), &json!({ "dataType": "Map", "value": value })));
    }

    pub(super) fn call_link_ended(&mut self, id: LinkId) {
        self.calls.links.retain(|(it, _)| *it != id);
        // An original page that has lost its link has forgotten the call and does not say so; ours say where they stand.
        let member = self.link(id).and_then(|link| link.member.clone());
        if let Some(member) = member.filter(|_| !self.caps(id).media) {
            let number = self.member(&member).map(|it| it.number);
            if let Some(number) = number.filter(|_| self.calls.forget(&member)) {
                self.broadcast(&write::call(&number.to_string(), 1, &json!({})), Some(id));
            }
        }
        self.call_changed();
    }

    /// Over a new link everything that its far end announces is asked for again.
    pub(super) fn call_link_ready(&mut self, id: LinkId, member: &str) {
        self.ask_for_all(id, member);
        self.call_changed();
    }

    /// After every change: nobody asks for what is not there, and senders learn how large they are shown.
    fn call_changed(&mut self) {
        let Calls { callers, links } = &mut self.calls;
        let known = |stream: &str| callers.iter().any(|it| it.announced.streams.iter().any(|id| id == stream));
        for (_, link) in links.iter_mut() {
            link.asked.retain(|it| known(it));
            link.sizes.retain(|(it, _)| known(it));
            link.told.retain(|(it, _)| known(it));
        }
        self.tell_sizes();
        self.effects.push_back(Effect::CallChanged);
    }

    /// As large as the largest of those to whom a stream is passed on; hidden where nobody sees it, and nothing at all where
    /// everybody gets it another way.
    fn tell_sizes(&mut self) {
        let ready: Vec<_> = self.links.iter().filter(|(_, link)| link.is_ready()).map(|(id, _)| *id).collect();
        for id in ready {
            let Some((_, member)) = self.speaker(id).filter(|_| self.caps(id).media) else { continue };
            let streams = self.calls.of(&member).map(|it| it.streams.clone()).unwrap_or_default();
            let least = if self.caps(id).direct { Size::None } else { Size::Hidden };
            let needed = streams.into_iter().map(|stream| (self.needed_size(&stream).max(least), stream));
            let needed: Vec<_> = needed.map(|(size, stream)| (stream, size)).collect();
            let link = self.calls.link_mut(id);
            let new = |(stream, size): &(String, Size)| size_of(&link.told, stream).unwrap_or(Size::Large) != *size;
            let telling: Vec<_> = needed.into_iter().filter(new).collect();
            if telling.is_empty() {
                continue;
            }
            link.told.retain(|(it, _)| !telling.iter().any(|(stream, _)| stream == it));
            link.told.extend(telling.iter().cloned());
            self.send(id, write::sizes(&telling));
        }
    }

    fn needed_size(&self, stream: &str) -> Size {
        let shown = self
            .calls
            .links
            .iter()
            .filter(|(id, link)| link.asked.iter().any(|it| it == stream) && self.is_calling(*id));
        let sizes = shown.map(|(_, link)| size_of(&link.sizes, stream).unwrap_or(Size::Large));
        sizes.max().unwrap_or(Size::Hidden)
    }
}

fn size_of(sizes: &[(String, Size)], stream: &str) -> Option<Size> {
    sizes.iter().find(|(it, _)| it == stream).map(|(_, size)| *size)
}
