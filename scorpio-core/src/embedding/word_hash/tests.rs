use super::WordHashEmbedder;
use crate::{
    embedding::{Embedder, EmbeddingRequest},
    store::UnitVector,
};

async fn vectors(texts: &[&str]) -> Vec<UnitVector> {
    let request = EmbeddingRequest::new(texts.iter().copied());
    let embeddings = WordHashEmbedder::new().embed(request).await.unwrap();
    embeddings.vectors.into_iter().map(|numbers| UnitVector::new(numbers).unwrap()).collect()
}

#[tokio::test]
async fn every_text_has_a_direction_and_keeps_it() {
    let texts = ["", " ", "!", "the of", "Straße 7", "日本語のテキスト", "word"];
    let first = vectors(&texts).await;
    assert_eq!(first, vectors(&texts).await);
    assert!(first.iter().all(|vector| vector.dimensions() == 256));
}

#[tokio::test]
async fn words_count_and_neither_case_nor_punctuation_nor_order_do() {
    let found = vectors(&["Blue whale, deep sea.", "deep SEA blue whale", "red desert"]).await;
    assert_eq!(found[0], found[1]);
    assert!(found[0].cosine(&found[2]) < 0.5);
}

#[tokio::test]
async fn the_vector_of_a_word_is_the_same_in_every_version() {
    let request = EmbeddingRequest::new(["scorpio", "sky blue"]).with_dimensions(8);
    let found = WordHashEmbedder::new().embed(request).await.unwrap().vectors;
    assert_eq!(found[0], [0.0, 0.0, 0.0, 1.5, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(found[1], [0.0, -0.5, -0.5, 0.0, 0.0, 0.0, -1.0, 1.0]);
}
