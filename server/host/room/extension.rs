//! What only our pages say to each other, and to a host that knows their messages.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::frame::{EXTRA_BYTES_MAX, SIZES_MAX, Said, Size, read};
use super::meter::Purse;
use super::text::{is_id, is_message_id, is_topic};

/// What only our pages say.
pub(super) fn parse<'a>(
    kind: &str,
    idata: &'a RawValue,
    data: &'a RawValue,
    target: impl FnOnce() -> Option<u32>,
) -> Option<Said<'a>> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow, default)]
        id: Option<Cow<'a, str>>,
        #[serde(borrow, default)]
        topic: Option<Cow<'a, str>>,
    }
    match kind {
        r#""media""# => (data.get().len() <= EXTRA_BYTES_MAX).then_some(Said::Media(data)),
        r#""sizes""# => sizes(data),
        r#""direct""# | r#""keys""# => Some(Said::ForGuest { target: target()?, idata, purse: Purse::Signals }),
        r#""sealed""# => sealed(idata, data),
        r#""sealed-for""# => sealed_for(idata, data, target()?),
        r#""moved""# => {
            let Named { id, .. } = read(data)?;
            id.filter(|it| is_id(it)).map(Said::Moved)
        }
        r#""moved-noted""# => Some(Said::MovedNoted),
        r#""signal""# => Some(Said::Signal(data)),
        r#""heard""# => {
            #[derive(Deserialize)]
            struct Heard<'a> {
                id: &'a str,
            }
            let Heard { id } = read(data)?;
            is_message_id(id).then_some(Said::Heard(id))
        }
        r#""typing""# | r#""reaction""# => Some(Said::ForCapable { idata, purse: Purse::Talk }),
        r#""topic""# => {
            let Named { topic, .. } = read(data)?;
            is_topic(&topic?).then_some(Said::ForCapable { idata, purse: Purse::Topics })
        }
        r#""ask-history""# => Some(Said::AskHistory),
        _ => None,
    }
}

fn sizes(data: &RawValue) -> Option<Said<'_>> {
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        sizes: Vec<Entry<'a>>,
    }
    #[derive(Deserialize)]
    struct Entry<'a> {
        #[serde(borrow)]
        id: Cow<'a, str>,
        size: Size,
    }
    let Data { sizes } = read(data)?;
    let known = sizes.into_iter().take(SIZES_MAX).filter(|it| is_id(&it.id));
    Some(Said::Sizes(known.map(|it| (it.id.into_owned(), it.size)).collect()))
}

/// What nobody but the others' pages can open. One that has a name is acknowledged, and said again where it was not heard.
fn sealed<'a>(idata: &'a RawValue, data: &'a RawValue) -> Option<Said<'a>> {
    #[derive(Deserialize)]
    struct Sealed<'a> {
        #[serde(borrow, default)]
        id: Option<&'a RawValue>,
    }
    let Sealed { id } = read(data)?;
    let id = id.and_then(read::<&str>).filter(|it| is_message_id(it));
    Some(Said::Sealed { id, idata })
}

/// The same for one of them. Parts of files are many.
fn sealed_for<'a>(idata: &'a RawValue, data: &'a RawValue, target: u32) -> Option<Said<'a>> {
    #[derive(Deserialize)]
    struct Sealed {
        #[serde(default)]
        chunk: bool,
    }
    let Sealed { chunk } = read(data)?;
    let purse = if chunk { Purse::Chunks } else { Purse::Signals };
    Some(Said::ForGuest { target, idata, purse })
}
