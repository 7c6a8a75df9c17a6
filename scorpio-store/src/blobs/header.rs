//! What a file begins with: a line that says what it is, a line with the media type if there is one, and spaces up to 512 bytes.

use bytes::Bytes;
use scorpio_core::store::{StoreError, StoreErrorKind};

pub(super) const LENGTH: usize = 512;

const FIRST_LINE: &str = "scorpio-blob 1\n";
const CONTENT_TYPE: &str = "content-type: ";

/// The header of a blob. The media type is one that was checked.
pub(super) fn write(content_type: Option<&str>) -> Bytes {
    let line = content_type.map(|content_type| format!("{CONTENT_TYPE}{content_type}\n"));
    let text = format!("{FIRST_LINE}{}", line.unwrap_or_default());
    format!("{text:<width$}\n", width = LENGTH - 1).into()
}

/// The media type in a header.
pub(super) fn read(header: &[u8]) -> Result<Option<String>, StoreError> {
    let text = std::str::from_utf8(header).ok().filter(|text| text.len() == LENGTH);
    let Some(lines) = text.and_then(|text| text.strip_prefix(FIRST_LINE)) else { return Err(foreign()) };
    let content_type = lines.strip_prefix(CONTENT_TYPE).and_then(|rest| rest.split_once('\n'));
    Ok(content_type.map(|(content_type, _)| content_type.to_owned()))
}

pub(super) fn foreign() -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "the file was not written by this store")
}

#[cfg(test)]
mod tests;
