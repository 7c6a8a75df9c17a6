use super::{LENGTH, read, write};

#[test]
fn a_header_is_as_long_as_it_is_told_and_comes_back() {
    let longest = "x".repeat(255);
    for content_type in [None, Some("text/plain"), Some("a"), Some("a; b=\"c d\""), Some(&*longest)] {
        let header = write(content_type);
        assert_eq!(header.len(), LENGTH);
        assert_eq!(read(&header).unwrap().as_deref(), content_type);
    }
}

#[test]
fn other_files_are_not_taken_for_blobs() {
    let header = write(Some("text/plain"));
    let mut torn = header.to_vec();
    torn[3] ^= 1;
    for other in [&b""[..], b"\x89PNG", &header[..LENGTH - 1], &torn, &[b' '; LENGTH]] {
        assert!(read(other).is_err());
    }
}
