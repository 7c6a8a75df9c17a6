//! E-mail addresses as names of accounts.

/// The address in the form that accounts are found by, or why it is none.
///
/// ASCII only: two addresses that look alike are then the same one. Whether mail arrives there is not checked.
pub(super) fn normalize(text: &str) -> Result<String, &'static str> {
    let email = text.trim().to_ascii_lowercase();
    if email.len() > 254 {
        return Err("it is longer than 254 bytes");
    }
    if !email.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it may hold only ASCII letters, digits and signs");
    }
    let (local, domain) = email.rsplit_once('@').ok_or("it has no @")?;
    if local.is_empty()
        || local.len() > 64
        || local.contains(['@', '"', '<', '>', '(', ')', ',', ';', ':', '\\'])
    {
        return Err("what is before the @ is not a mailbox");
    }
    let is_label = |label: &str| {
        let allowed = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        !label.is_empty() && label.len() <= 63 && allowed && !label.starts_with('-') && !label.ends_with('-')
    };
    if !domain.split('.').all(is_label) {
        return Err("what is after the @ is not a domain");
    }
    Ok(email)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_addresses_in_lower_case() {
        assert_eq!(normalize(" Ada.Lovelace+x@Example.COM ").as_deref(), Ok("ada.lovelace+x@example.com"));
        assert_eq!(normalize("root@localhost").as_deref(), Ok("root@localhost"));
    }

    #[test]
    fn refuses_what_is_no_address() {
        let long = format!("{}@example.com", "a".repeat(65));
        let refused = [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a b@example.com",
            "ada@example..com",
            "a@b@c.com",
            "ada@-x.com",
            &long,
        ];
        for text in refused {
            assert!(normalize(text).is_err(), "{text}");
        }
        assert!(normalize("\u{430}da@example.com").is_err());
        assert!(normalize("ada@example.com\0").is_err());
    }
}
