//! What the host says: `{"source":…,"idata":{"type":…,"data":…}}`.

use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::frame::{Announced, Size};
use crate::connection::Downlink;

/// A frame as it goes out; many may be sent the same one.
pub(crate) type Frame = Arc<[u8]>;

/// The host as one of the people.
pub(super) const HOST: &str = "0";
/// The room itself.
pub(super) const ROOM: &str = "-1";

fn frame(source: &str, idata: &str) -> Frame {
    format!(r#"{{"source":"{source}","idata":{idata}}}"#).into_bytes().into()
}

pub(super) fn message(source: &str, kind: &Value, data: &Value) -> Frame {
    frame(source, &json!({ "type": kind, "data": data }).to_string())
}

/// A guest's message as it came.
pub(super) fn passed_on(number: u32, idata: &RawValue) -> Frame {
    frame(&number.to_string(), idata.get())
}

/// A signal for the connection that it goes over.
pub(super) fn signal(signal: &RawValue) -> Frame {
    frame(HOST, &format!(r#"{{"type":"signal","data":{}}}"#, signal.get()))
}

/// A chat message whose sender has no name for it: with one of ours, which stands last and so holds.
pub(super) fn named_chat(number: u32, data: &RawValue, id: &str) -> Option<Frame> {
    let fields = data.get().trim_end().strip_suffix('}')?;
    let comma = if fields.trim_end().ends_with('{') { "" } else { "," };
    Some(frame(&number.to_string(), &format!(r#"{{"type":2,"data":{fields}{comma}"id":"{id}"}}}}"#)))
}

pub(super) fn call(source: &str, kind: u32, special: &Value) -> Frame {
    message(source, &json!(7), &json!({ "type": kind, "special": special }))
}

/// An announcement as the original has it, with keys of ours that it passes over.
pub(super) fn announced(announced: &Announced) -> Value {
    let mut value = json!({ "possibilities": { "dataType": "Set", "value": announced.streams } });
    if let Some(fields) = value.as_object_mut() {
        if let Some(primary) = &announced.primary {
            fields.insert("primaryStream".to_owned(), json!(primary));
        }
        for (name, said) in [("about", &announced.about), ("media", &announced.media)] {
            if let Some(Ok(said)) = said.as_deref().map(serde_json::from_str::<Value>) {
                fields.insert(name.to_owned(), said);
            }
        }
    }
    value
}

pub(super) fn sizes(sizes: &[(String, Size)]) -> Frame {
    let entries: Vec<_> = sizes.iter().map(|(id, size)| json!({ "id": id, "size": name_of(*size) })).collect();
    message(HOST, &json!("sizes"), &json!({ "sizes": entries }))
}

pub(super) fn downlink(Downlink { bits_per_second, sufficient }: Downlink) -> Frame {
    message(HOST, &json!("downlink"), &json!({ "bitsPerSecond": bits_per_second, "sufficient": sufficient }))
}

fn name_of(size: Size) -> &'static str {
    match size {
        Size::None => "none",
        Size::Hidden => "hidden",
        Size::Small => "small",
        Size::Medium => "medium",
        Size::Large => "large",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_gets_a_name_and_keeps_all_else() {
        let data = RawValue::from_string(r#"{"msg":"\ud800","files":[]}"#.to_owned()).expect("JSON");
        let frame = named_chat(4, &data, "host:1").expect("an object");
        let text = std::str::from_utf8(&frame).expect("UTF-8");
        assert_eq!(text, r#"{"source":"4","idata":{"type":2,"data":{"msg":"\ud800","files":[],"id":"host:1"}}}"#);
        let empty = RawValue::from_string("{ }".to_owned()).expect("JSON");
        assert!(named_chat(4, &empty, "host:1").expect("an object").ends_with(br#"{ "id":"host:1"}}}"#));
    }
}
