//! Writing blobs: small ones at once, large ones in parts, none before all of it is there.

use bytes::Bytes;
use futures::TryStreamExt;
use jiff::Timestamp;
use object_store::{
    Attribute, Attributes, MultipartUpload, PutMultipartOptions, PutOptions, PutPayload, PutPayloadMut,
};
use scorpio_core::store::{BlobKey, BlobMeta, BlobPut, BlobStream, StoreError};

use super::{Layout, ObjectBlobStore, error::store_error, header};

/// How many bytes make a part. S3 wants at least 5 MiB, and all parts but the last to be the same for some of those compatible with it.
const PART: usize = 8 * 1024 * 1024;

pub(super) async fn put(
    store: &ObjectBlobStore,
    key: &BlobKey,
    mut body: BlobStream,
    put: BlobPut,
) -> Result<BlobMeta, StoreError> {
    let mut writer = Writer::new(store, key, put.content_type.as_deref());
    let mut size = 0_u64;
    while let Some(piece) = body.try_next().await? {
        size = size.saturating_add(piece.len() as u64);
        put.expect_within(size)?;
        writer.write(piece).await?;
    }
    writer.finish().await?;
    Ok(BlobMeta::new(key.clone(), size, Timestamp::now()).with_content_type(put.content_type))
}

/// Collects a body up to the size of a part.
struct Writer<'a> {
    store: &'a ObjectBlobStore,
    key: &'a BlobKey,
    attributes: Attributes,
    buffer: PutPayloadMut,
    upload: Option<Upload>,
}

impl<'a> Writer<'a> {
    fn new(store: &'a ObjectBlobStore, key: &'a BlobKey, content_type: Option<&str>) -> Self {
        let (mut attributes, mut buffer) = (Attributes::new(), PutPayloadMut::new());
        match (store.layout, content_type) {
            (Layout::Header, content_type) => buffer.push(header::write(content_type)),
            (Layout::Attribute, Some(content_type)) => {
                attributes.insert(Attribute::ContentType, content_type.to_owned().into());
            }
            (Layout::Attribute, None) => {}
        }
        Self { store, key, attributes, buffer, upload: None }
    }

    async fn write(&mut self, mut piece: Bytes) -> Result<(), StoreError> {
        while self.buffer.content_length() + piece.len() > PART {
            let room = PART - self.buffer.content_length();
            self.buffer.push(piece.split_to(room));
            self.send_part().await?;
        }
        if !piece.is_empty() {
            self.buffer.push(piece);
        }
        Ok(())
    }

    async fn send_part(&mut self) -> Result<(), StoreError> {
        let part = std::mem::take(&mut self.buffer).freeze();
        let upload = match &mut self.upload {
            Some(upload) => upload,
            None => {
                let options = PutMultipartOptions::from(self.attributes.clone());
                let begun = self.store.objects.put_multipart_opts(&self.store.path(self.key), options).await;
                self.upload.insert(Upload(Some(begun.map_err(store_error)?)))
            }
        };
        upload.send(part).await
    }

    async fn finish(mut self) -> Result<(), StoreError> {
        if self.upload.is_some() {
            self.send_part().await?;
        }
        match self.upload.take() {
            Some(upload) => upload.complete().await,
            None => {
                let options = PutOptions::from(self.attributes);
                let payload: PutPayload = self.buffer.freeze();
                let put = self.store.objects.put_opts(&self.store.path(self.key), payload, options).await;
                put.map(drop).map_err(store_error)
            }
        }
    }
}

/// An upload in parts, which is given up unless it is completed.
struct Upload(Option<Box<dyn MultipartUpload>>);

impl Upload {
    async fn send(&mut self, part: PutPayload) -> Result<(), StoreError> {
        match &mut self.0 {
            Some(upload) => upload.put_part(part).await.map_err(store_error),
            None => Ok(()),
        }
    }

    async fn complete(mut self) -> Result<(), StoreError> {
        if let Some(upload) = &mut self.0 {
            upload.complete().await.map_err(store_error)?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // Without a runtime the parts stay until the bucket's own rules remove them.
        if let (Some(mut upload), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move { upload.abort().await });
        }
    }
}
