//! Files as frames list them.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::frame::read;
use super::text::is_id;

/// What a file is called.
pub(super) fn file_id(raw: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct File<'a> {
        #[serde(borrow, rename = "FileID")]
        id: Cow<'a, str>,
    }
    let File { id } = read(raw)?;
    is_id(&id).then(|| id.into_owned())
}

/// What a file is called that is offered: in the original's tagged object or a plain one, whole, since an original page fails
/// over anything less.
pub(super) fn offered_file(raw: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Tagged<'a> {
        #[serde(borrow, default, rename = "dataType")]
        kind: Option<&'a RawValue>,
        #[serde(borrow, default)]
        value: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct File<'a> {
        #[serde(borrow, rename = "FileName")]
        _name: Cow<'a, str>,
        #[serde(rename = "FileSize")]
        _size: u64,
    }
    let Tagged { kind, value } = read(raw)?;
    let file = if kind.is_some_and(|it| it.get() == r#""FileData""#) { value? } else { raw };
    let _whole: File<'_> = read(file)?;
    file_id(file)
}
