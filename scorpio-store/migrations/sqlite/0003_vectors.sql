-- Texts with their embeddings. The cosine is the similarity; embeddings have the length one.

create table scorpio_vector_collections (
    owner text not null,
    collection text not null,
    -- How many numbers each of its embeddings has. The row goes with the last of its vectors.
    dimensions integer not null,
    primary key (owner, collection),
    unique (owner, collection, dimensions)
) without rowid;

create table scorpio_vectors (
    owner text not null,
    collection text not null,
    id text not null,
    document_id text not null,
    -- Which part of the document it is, from 0.
    position integer not null,
    title text,
    uri text,
    trust text not null check (trust in ('trusted', 'untrusted')),
    -- An object whose values are strings.
    metadata text not null,
    body text not null,
    dimensions integer not null,
    -- 32-bit floats, little-endian. The last column: what does not ask for it does not read its pages.
    embedding blob not null check (length(embedding) = 4 * dimensions),
    unique (owner, collection, id),
    foreign key (owner, collection, dimensions)
        references scorpio_vector_collections (owner, collection, dimensions)
);
create index scorpio_vectors_by_document on scorpio_vectors (owner, collection, document_id, position, id);
