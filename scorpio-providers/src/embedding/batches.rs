//! Splits texts into calls, asks a few of them at once, and puts the vectors back in order.

use futures::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use scorpio_core::{
    Usage,
    embedding::Embeddings,
    model::{ModelError, ModelErrorKind},
};

/// How many calls go on at the same time.
const AT_ONCE: usize = 4;

/// How much fits into one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// Texts.
    pub(super) texts: usize,
    /// Bytes of all texts. A single text that is larger goes by itself, for the provider to judge.
    pub(super) bytes: usize,
}

/// A call for so many texts.
pub(super) struct Call<'a> {
    pub(super) texts: usize,
    pub(super) answer: BoxFuture<'a, Result<Embeddings, ModelError>>,
}

/// The vectors of all calls, in order.
pub(super) async fn join(calls: Vec<Call<'_>>) -> Result<Embeddings, ModelError> {
    // A closure over futures that borrow would have to be one for every lifetime.
    let mut checked_calls = Vec::with_capacity(calls.len());
    for Call { texts, answer } in calls {
        checked_calls.push(async move { checked(answer.await?, texts) }.boxed());
    }
    let answers: Vec<Embeddings> = stream::iter(checked_calls).buffered(AT_ONCE).try_collect().await?;
    let (mut vectors, mut usage) = (Vec::new(), Usage::default());
    for answer in answers {
        usage += &answer.usage;
        vectors.extend(answer.vectors);
    }
    let length = vectors.first().map_or(0, Vec::len);
    if vectors.iter().any(|vector| vector.len() != length) {
        return Err(protocol("the vectors are not equally long"));
    }
    Ok(Embeddings::new(vectors, usage))
}

fn checked(answer: Embeddings, texts: usize) -> Result<Embeddings, ModelError> {
    if answer.vectors.len() != texts {
        let message = format!("{texts} texts were sent, and {} vectors came", answer.vectors.len());
        return Err(ModelError::new(ModelErrorKind::Protocol, message));
    }
    if answer
        .vectors
        .iter()
        .any(|vector| vector.is_empty() || !vector.iter().all(|number| number.is_finite()))
    {
        return Err(protocol("a vector is empty, or not all of it are numbers"));
    }
    Ok(answer)
}

/// The texts in batches that fit into a call each.
pub(super) fn split(texts: &[String], size: Size) -> Vec<&[String]> {
    let mut batches = Vec::new();
    let mut rest = texts;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = |text: &&String| {
            bytes += text.len();
            bytes <= size.bytes
        };
        let count = rest.iter().take(size.texts).take_while(fits).count().max(1);
        let (batch, after) = rest.split_at(count.min(rest.len()));
        batches.push(batch);
        rest = after;
    }
    batches
}

/// The error that a provider's answer breaks the rules.
pub(super) fn protocol(message: &'static str) -> ModelError {
    ModelError::new(ModelErrorKind::Protocol, message)
}
