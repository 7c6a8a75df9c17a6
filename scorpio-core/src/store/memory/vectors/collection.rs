//! One collection of one owner.

use std::collections::BTreeMap;

use crate::{
    DocumentId, VectorId,
    store::{
        DocumentListing, DocumentSummary, Metadata, Nearest, Selection, StoreError, UnitVector, VectorHit,
        VectorListing, VectorPage, VectorQuery, VectorRecord, VectorSource,
    },
};

/// Records in rows. The numbers of all of them lie one behind the other, row by row.
#[derive(Debug)]
pub(super) struct Collection {
    dimensions: usize,
    numbers: Vec<f32>,
    rows: Vec<Row>,
    /// The row of each record.
    by_id: BTreeMap<VectorId, usize>,
}

#[derive(Debug)]
struct Row {
    id: VectorId,
    text: String,
    source: VectorSource,
    metadata: Metadata,
}

/// Checks that all vectors are as long as those of the collection.
pub(super) fn check(dimensions: usize, records: &[VectorRecord]) -> Result<(), StoreError> {
    records.iter().try_for_each(|record| record.embedding.expect_dimensions(dimensions))
}

impl Collection {
    pub(super) fn new(dimensions: usize) -> Self {
        Self { dimensions, numbers: Vec::new(), rows: Vec::new(), by_id: BTreeMap::new() }
    }

    pub(super) fn dimensions(&self) -> usize {
        self.dimensions
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    /// How many numbers a query looks at.
    pub(super) fn numbers(&self) -> usize {
        self.numbers.len()
    }

    /// Adds records whose vectors are as long as those that are here.
    pub(super) fn upsert(&mut self, records: Vec<VectorRecord>) {
        for VectorRecord { id, embedding, text, source, metadata } in records {
            self.remove(&id);
            self.by_id.insert(id.clone(), self.rows.len());
            self.rows.push(Row { id, text, source, metadata });
            self.numbers.extend_from_slice(&embedding);
        }
    }

    pub(super) fn delete(&mut self, selection: &Selection) -> u64 {
        match selection {
            Selection::Ids(ids) => ids.iter().map(|id| u64::from(self.remove(id))).sum(),
            Selection::Document(document) => {
                let of_document = self.rows.iter().filter(|row| row.source.document == *document);
                let ids: Vec<VectorId> = of_document.map(|row| row.id.clone()).collect();
                ids.iter().map(|id| u64::from(self.remove(id))).sum()
            }
            Selection::All => {
                let deleted = self.len();
                *self = Self::new(self.dimensions);
                deleted
            }
        }
    }

    /// Takes a record out. The last row moves to its place.
    fn remove(&mut self, id: &VectorId) -> bool {
        let Some(at) = self.by_id.remove(id) else { return false };
        self.rows.swap_remove(at);
        let (start, last) = (at * self.dimensions, self.rows.len() * self.dimensions);
        self.numbers.copy_within(last.., start);
        self.numbers.truncate(last);
        if let Some(moved) = self.rows.get(at) {
            self.by_id.insert(moved.id.clone(), at);
        }
        true
    }

    pub(super) fn query(&self, query: &VectorQuery) -> Result<Vec<VectorHit>, StoreError> {
        query.embedding.expect_dimensions(self.dimensions)?;
        let mut nearest = Nearest::new(query.limit, query.min_score);
        for (row, numbers) in self.rows.iter().zip(self.numbers.chunks_exact(self.dimensions)) {
            let is_wanted = |(name, value): (&String, &String)| row.metadata.get(name) == Some(value);
            if query.filter.iter().all(is_wanted) {
                nearest.offer(query.embedding.cosine(numbers), &row.id, || row);
            }
        }
        let hit = |(score, id, row): (f32, VectorId, &Row)| {
            VectorHit::new(id, score, row.text.clone(), row.source.clone(), row.metadata.clone())
        };
        Ok(nearest.into_sorted().map(hit).collect())
    }

    pub(super) fn list(&self, page: &VectorPage) -> VectorListing {
        let is_wanted = |row: &&Row| {
            page.after.as_ref().is_none_or(|after| row.id > *after)
                && page.document.as_ref().is_none_or(|document| row.source.document == *document)
        };
        let mut rows = self.by_id.values().filter_map(|at| self.rows.get(*at)).filter(is_wanted);
        let records = rows.by_ref().take(page.limit).filter_map(|row| self.record(row)).collect();
        VectorListing::new(records, rows.next().is_some())
    }

    fn record(&self, row: &Row) -> Option<VectorRecord> {
        let start = self.by_id.get(&row.id)? * self.dimensions;
        let numbers = self.numbers.get(start..start + self.dimensions)?;
        // It was one when it came, and is taken bit by bit.
        let embedding = UnitVector::new(numbers.to_vec()).ok()?;
        let mut record = VectorRecord::new(row.id.clone(), embedding, row.text.clone(), row.source.clone());
        record.metadata = row.metadata.clone();
        Some(record)
    }

    pub(super) fn documents(&self, after: Option<&DocumentId>, limit: usize) -> DocumentListing {
        let is_wanted = |row: &&Row| after.is_none_or(|after| row.source.document > *after);
        let mut documents = summaries(self.rows.iter().filter(is_wanted)).into_values();
        let page = documents.by_ref().take(limit).collect();
        DocumentListing::new(page, documents.next().is_some())
    }

    pub(super) fn document(&self, document: &DocumentId) -> Option<DocumentSummary> {
        let of_document = self.rows.iter().filter(|row| row.source.document == *document);
        summaries(of_document).into_values().next()
    }
}

/// What rows tell of their documents.
fn summaries<'a>(rows: impl Iterator<Item = &'a Row>) -> BTreeMap<&'a DocumentId, DocumentSummary> {
    let mut firsts: BTreeMap<&DocumentId, (&Row, u64)> = BTreeMap::new();
    for row in rows {
        let (first, count) = firsts.entry(&row.source.document).or_insert((row, 0));
        *count += 1;
        if (row.source.position, &row.id) < (first.source.position, &first.id) {
            *first = row;
        }
    }
    let summary =
        |(row, count): (&Row, u64)| DocumentSummary::new(row.source.clone(), row.metadata.clone(), count);
    firsts.into_iter().map(|(document, first)| (document, summary(first))).collect()
}
