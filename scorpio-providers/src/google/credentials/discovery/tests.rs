#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use scorpio_core::model::ModelErrorKind;

use super::*;

fn user(folder: &Path, name: &str, project: &str) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let json = format!(
        r#"{{"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r", "project_id": "{project}"}}"#
    );
    fs::write(&path, json).unwrap();
    path
}

fn found(variables: &[(&str, &Path)]) -> Result<GoogleCredentials, ModelError> {
    let value = |name: &str| {
        let known = variables.iter().find(|(known, _)| *known == name);
        known.map(|(_, path)| path.to_str().unwrap().to_owned())
    };
    Environment::new(&value).google_credentials()
}

#[cfg(unix)]
#[test]
fn they_are_found_in_the_official_order() {
    let folder = tempfile::tempdir().unwrap();
    let (home, config) = (folder.path().join("home"), folder.path().join("config"));
    let named = ("GOOGLE_APPLICATION_CREDENTIALS", &*user(folder.path(), "named.json", "of-variable"));
    user(&home, ".config/gcloud/application_default_credentials.json", "of-home");
    user(&config, "application_default_credentials.json", "of-config");
    let (home, config) = (("HOME", &*home), ("CLOUDSDK_CONFIG", &*config));
    for (variables, project) in [
        (vec![named, home, config], Some("of-variable")),
        (vec![home, config], Some("of-config")),
        (vec![home], Some("of-home")),
        // gcloud's own folder, or none.
        (vec![home, ("CLOUDSDK_CONFIG", Path::new("/nowhere"))], None),
        (vec![], None),
    ] {
        let credentials = found(&variables).unwrap();
        assert_eq!(credentials.project_id(), project, "{variables:?}");
        assert_eq!(format!("{credentials:?}").contains("Metadata"), project.is_none());
    }
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let error = found(&[("GOOGLE_APPLICATION_CREDENTIALS", Path::new("/nowhere/key.json"))]).unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Configuration);
    let message = error.to_string();
    assert!(
        message.contains("GOOGLE_APPLICATION_CREDENTIALS") && message.contains("/nowhere/key.json"),
        "{message}"
    );
    let error = found(&[("GCE_METADATA_HOST", Path::new("user@host/x?"))]).unwrap_err();
    assert!(error.to_string().contains("GCE_METADATA_HOST"), "{error}");
}
