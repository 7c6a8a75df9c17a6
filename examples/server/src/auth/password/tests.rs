use super::*;

fn passwords() -> Passwords {
    Passwords::new(8).unwrap()
}

fn complaint(password: &str) -> Option<String> {
    passwords().complaint(&password.to_owned().into(), "ada.lovelace@example.com")
}

#[test]
fn accepts_by_characters_and_refuses_by_bytes() {
    assert_eq!(complaint("kq7!vT2p"), None);
    assert_eq!(complaint("żółć gęś"), None);
    assert_eq!(complaint(&"x y".repeat(42)), None);
    assert!(complaint("kq7!vT2").unwrap().contains("at least 8"));
    assert!(complaint(&"ż9".repeat(43)).unwrap().contains("at most 128"));
}

#[test]
fn refuses_what_many_people_use_and_what_the_owner_is_called() {
    for password in ["password", "Password", "p4ssw0rd", "iloveyou", "football", "drowssap", "ada.lovelace"] {
        assert!(complaint(password).is_some(), "{password}");
    }
    for password in [
        "12345678",
        "11111111",
        "aaaaaaaaaa",
        "qwertyuiop",
        "abcdefgh",
        "password1",
        "abcabcabc",
        "1234567890",
    ] {
        assert!(complaint(password).is_some(), "{password}");
    }
    assert!(complaint("ada.lovelace@example.com").is_some());
}

#[tokio::test]
async fn a_hash_is_argon2id_with_the_stated_parameters() {
    let passwords = passwords();
    let hash = passwords.hash("correct horse".to_owned().into()).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert!(passwords.verify("correct horse".to_owned().into(), Some(hash.clone())).await.unwrap());
    assert!(!passwords.verify("correct horse ".to_owned().into(), Some(hash.clone())).await.unwrap());
    assert!(!passwords.verify("nobody has this password".to_owned().into(), None).await.unwrap());
    assert!(!passwords.is_outdated(&hash));
    assert!(passwords.is_outdated(&hash.replace("t=2", "t=1")));
    assert!(passwords.is_outdated("$2b$10$abcdefghijklmnopqrstuv"));
}

#[tokio::test]
async fn a_queue_that_is_full_is_told() {
    let passwords = passwords();
    let all = passwords.admitted.clone().acquire_many_owned(18).await.unwrap();
    let refused = passwords.hash("correct horse".to_owned().into()).await.unwrap_err();
    assert!(format!("{refused:?}").contains("offline:auth"));
    drop(all);
    assert!(passwords.hash("correct horse".to_owned().into()).await.is_ok());
}
