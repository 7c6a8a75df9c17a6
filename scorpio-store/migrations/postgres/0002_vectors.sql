-- Texts with their embeddings. Needs the extension `vector` (pgvector), so these tables are made when vectors are opened, and
-- not with those of the other stores. Ids are compared by bytes, whatever the language of the database.

create table scorpio_vector_collections (
    owner text collate "C" not null,
    collection text collate "C" not null,
    -- How many numbers each of its embeddings has. The row goes with the last of its vectors; who writes vectors locks it.
    dimensions integer not null,
    primary key (owner, collection)
);

create table scorpio_vectors (
    owner text collate "C" not null,
    collection text collate "C" not null,
    id text collate "C" not null,
    document_id text collate "C" not null,
    -- Which part of the document it is, from 0.
    position bigint not null,
    title text,
    uri text,
    trust text not null check (trust in ('trusted', 'untrusted')),
    -- An object whose values are strings.
    metadata jsonb not null,
    body text not null,
    dimensions integer not null,
    -- Of length one, so that the inner product is the cosine. Each number of dimensions has an HNSW index of its own, which is
    -- made when the first vector of that many comes.
    embedding vector not null check (vector_dims(embedding) = dimensions),
    primary key (owner, collection, id),
    foreign key (owner, collection) references scorpio_vector_collections (owner, collection)
);
create index scorpio_vectors_by_document on scorpio_vectors (owner, collection, document_id, position, id);
