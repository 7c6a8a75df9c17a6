//! From rows to records, hits and documents.

use scorpio_core::{
    Trust, VectorId,
    store::{
        DocumentSummary, Metadata, StoreError, StoreErrorKind, UnitVector, VectorHit, VectorRecord,
        VectorSource,
    },
};
use sqlx::sqlite::SqliteRow;

use crate::sqlite::row::Columns;

const TABLE: &str = "scorpio_vectors";

/// What a record is read from.
pub(super) const RECORD: &str = "id, embedding, document_id, position, title, uri, trust, metadata, body";

pub(super) fn record(row: &SqliteRow) -> Result<VectorRecord, StoreError> {
    let mut columns = Columns::of(row, TABLE);
    let id = columns.id()?;
    let mut numbers = Vec::new();
    decode(columns.get()?, &mut numbers);
    let embedding = UnitVector::new(numbers)
        .map_err(|error| StoreError::corrupt(format!("the vector {id} cannot be read"), error))?;
    let (source, metadata) = (source(&mut columns)?, columns.json()?);
    let text: String = columns.get()?;
    let mut record = VectorRecord::new(id, embedding, text, source);
    record.metadata = metadata;
    Ok(record)
}

/// The id and the numbers of a row. They take the place of what is in `numbers`.
pub(super) fn vector<'a>(row: &'a SqliteRow, numbers: &mut Vec<f32>) -> Result<&'a str, StoreError> {
    let mut columns = Columns::of(row, TABLE);
    let id = columns.get()?;
    numbers.clear();
    decode(columns.get()?, numbers);
    Ok(id)
}

pub(super) fn hit(score: f32, id: VectorId, row: &SqliteRow) -> Result<VectorHit, StoreError> {
    let mut columns = Columns::of(row, TABLE);
    let (_, _): (&str, &[u8]) = (columns.get()?, columns.get()?);
    let (source, metadata): (_, Metadata) = (source(&mut columns)?, columns.json()?);
    let text: String = columns.get()?;
    Ok(VectorHit::new(id, score, text, source, metadata))
}

pub(super) fn summary(row: &SqliteRow) -> Result<DocumentSummary, StoreError> {
    let mut columns = Columns::of(row, TABLE);
    let (source, metadata) = (source(&mut columns)?, columns.json()?);
    Ok(DocumentSummary::new(source, metadata, columns.number()?))
}

pub(super) fn count(row: &SqliteRow) -> Result<u64, StoreError> {
    Columns::of(row, TABLE).number()
}

fn source(columns: &mut Columns<'_, SqliteRow>) -> Result<VectorSource, StoreError> {
    let mut source = VectorSource::new(columns.id()?);
    source.position = u32::try_from(columns.number()?).unwrap_or(u32::MAX);
    (source.title, source.uri) = (columns.get()?, columns.get()?);
    source.trust = match columns.get()? {
        "trusted" => Trust::Trusted,
        "untrusted" => Trust::Untrusted,
        other => {
            let message = format!("a row of {TABLE} has the unknown trust `{other}`");
            return Err(StoreError::new(StoreErrorKind::Corrupt, message));
        }
    };
    Ok(source)
}

/// Appends the 32-bit little-endian floats in `bytes`.
fn decode(bytes: &[u8], numbers: &mut Vec<f32>) {
    numbers.extend(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
}
