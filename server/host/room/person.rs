//! People as they introduce themselves.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::text::{cut_owned, is_stay};

const NAME_UNITS_MAX: usize = 60;
const AVATAR_UNITS_MAX: usize = 500;
/// Original pages refuse other addresses than their own server's, and show this one in their place.
pub(super) const DEFAULT_AVATAR: &str = "/public/defaults/User.jpg";

/// What a page can do beyond the original. It is spoken to in these words only if it has said so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Caps {
    pub(crate) moves: bool,
    pub(crate) chat: bool,
    pub(crate) media: bool,
    pub(crate) signals: bool,
    pub(crate) files: bool,
    /// Sends a picture in several sizes where it is offered that.
    pub(crate) layers: bool,
    /// Opens what other pages have sealed, and we cannot.
    pub(crate) sealed: bool,
    /// Gets streams past us where it can, and knows that we then need none.
    pub(crate) direct: bool,
}

/// Caps that are passed on to others, which may know more of them than we do.
const CAPS_MAX: usize = 16;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Person {
    pub(super) name: String,
    avatar: String,
    pub(super) caps: Caps,
    /// As they were said, since others make use of them.
    said: Map<String, Value>,
    /// The public key by which they can become the room's owner.
    key: Option<String>,
}

/// A person as a frame has it.
#[derive(Deserialize)]
pub(super) struct SaidPerson<'a> {
    #[serde(borrow)]
    username: Cow<'a, str>,
    #[serde(borrow, default, rename = "avatarLoc")]
    avatar: Option<Cow<'a, str>>,
    #[serde(default)]
    caps: Option<Value>,
    #[serde(default)]
    key: Option<Value>,
}

/// In base64url.
fn is_key(key: &str) -> bool {
    (1..=100).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl From<SaidPerson<'_>> for Person {
    fn from(SaidPerson { username, avatar, caps, key }: SaidPerson<'_>) -> Self {
        let mut said = match caps {
            Some(Value::Object(caps)) => caps,
            _ => Map::new(),
        };
        said.retain(|name, value| name.len() <= 32 && *value == Value::Bool(true));
        // Nobody passes for the host.
        said.remove("server");
        let names: Vec<_> = said.keys().skip(CAPS_MAX).cloned().collect();
        names.iter().for_each(|name| drop(said.remove(name)));
        let has = |name: &str| said.contains_key(name);
        let caps = Caps {
            moves: has("moves"),
            chat: has("chat"),
            media: has("media"),
            signals: has("signals"),
            files: has("files"),
            layers: has("layers"),
            sealed: has("sealed"),
            direct: has("direct"),
        };
        let avatar = avatar.map_or_else(|| DEFAULT_AVATAR.to_owned(), |it| cut_owned(it, AVATAR_UNITS_MAX));
        let key = key.and_then(|key| key.as_str().filter(|it| is_key(it)).map(str::to_owned));
        Self { name: cut_owned(username, NAME_UNITS_MAX), avatar, caps, said, key }
    }
}

impl Person {
    /// For a frame. `member` is the id of their stay, which original pages do not have, and `peer` what the server calls
    /// them. Whatever they say of themselves under these names is not among it.
    pub(super) fn written(&self, number: u32, member: &str, peer: Option<&str>) -> Value {
        let mut person = json!({ "username": self.name, "id": number.to_string(), "avatarLoc": self.avatar });
        if let Some(fields) = person.as_object_mut() {
            if !self.said.is_empty() {
                fields.insert("caps".to_owned(), Value::Object(self.said.clone()));
            }
            if let Some(key) = &self.key {
                fields.insert("key".to_owned(), json!(key));
            }
            if is_stay(member) {
                fields.insert("member".to_owned(), json!(member));
            }
            if let Some(peer) = peer {
                fields.insert("peer".to_owned(), json!(peer));
            }
        }
        person
    }
}

/// The host as one of the people, for pages that list it as one.
pub(super) fn host(name: &str, member: &str) -> Value {
    let mut caps = json!({ "server": true });
    for cap in ["moves", "chat", "media", "signals", "files", "direct"] {
        caps[cap] = json!(true);
    }
    json!({ "username": name, "id": "0", "avatarLoc": DEFAULT_AVATAR, "caps": caps, "member": member })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Person> {
        serde_json::from_str::<SaidPerson<'_>>(text).ok().map(Person::from)
    }

    #[test]
    fn caps_are_passed_on_as_said_but_nobody_passes_for_the_host() {
        let person =
            read(r#"{"username":"Ada","peer":"x","caps":{"chat":true,"new":true,"media":false,"server":true}}"#);
        let person = person.expect("a person");
        assert!(person.caps.chat && !person.caps.media);
        let written = person.written(3, "AAAAAAAAAAAAAAAAAAAAAA", Some("a2"));
        assert_eq!(written["caps"], json!({ "chat": true, "new": true }));
        assert_eq!((&written["id"], &written["member"]), (&json!("3"), &json!("AAAAAAAAAAAAAAAAAAAAAA")));
        assert_eq!(written["peer"], json!("a2"));
    }

    #[test]
    fn an_original_page_s_person_comes_out_as_it_came() {
        let text = r#"{"avatarLoc":"/public/defaults/User.jpg","id":"7","username":"Bob"}"#;
        assert_eq!(read(text).expect("a person").written(7, "7", None).to_string(), text);
        assert!(read(r#"{"name":"x"}"#).is_none());
    }
}
