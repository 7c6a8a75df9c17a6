use super::*;

#[test]
fn two_servers_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a").join("b");
    let first = DataFolder::open(path.clone()).unwrap();
    let second = DataFolder::open(path.clone()).unwrap_err();
    assert!(second.to_string().contains("another scorpio-server uses this folder"), "{second}");
    drop(first);
    DataFolder::open(path).unwrap();
}

#[test]
fn the_key_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let first = DataFolder::open(path.clone()).unwrap().signing_key(None).unwrap();
    let second = DataFolder::open(path.clone()).unwrap().signing_key(None).unwrap();
    assert_eq!(first.to_seed(), second.to_seed());
    fs::write(path.join("access-token.key"), "junk").unwrap();
    let damaged = DataFolder::open(path).unwrap().signing_key(None).unwrap_err();
    assert!(damaged.to_string().contains("is damaged"), "{damaged}");
}

#[cfg(unix)]
#[test]
fn others_can_read_neither_folder_nor_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let data = DataFolder::open(path.clone()).unwrap();
    data.signing_key(None).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&data.database().unwrap()), 0o600);
    let key = path.join("access-token.key");
    assert_eq!(mode(&key), 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    data.signing_key(None).unwrap();
    assert_eq!(mode(&key), 0o600);
}
