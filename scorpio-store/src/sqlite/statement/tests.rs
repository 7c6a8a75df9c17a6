use super::check;

#[test]
fn placeholders_are_counted_where_they_are_some() {
    for (sql, count) in [
        ("insert into t values (?, ?)", 2),
        ("insert into t values ('?', ?) -- and why?", 1),
        ("/* ? */ select \"?\", [?], `?`, 'it''s ?', ?;", 1),
        ("delete from a$b where x = 1 ; \n -- done", 0),
        ("with n as (select 1) update t set rollback_count = ?", 1),
    ] {
        assert_eq!(check(sql), Ok(count), "{sql}");
    }
}

#[test]
fn what_is_not_one_whole_statement_is_refused() {
    for sql in [
        "",
        " ; -- nothing",
        "select 1; select 2",
        "select 1;;select 2",
        "select ?1",
        "select $1",
        "select :name",
        "select @name",
        "select 'open",
        "select [open",
        "select 1 /* open",
        "select 1 /*/",
    ] {
        assert!(check(sql).is_err(), "{sql}");
    }
}

#[test]
fn the_transaction_is_left_alone() {
    for sql in [
        "commit",
        "/* */ COMMIT",
        "-- x\nend",
        "RollBack to job",
        "savepoint job",
        "release job",
        "pragma foreign_keys = off",
        "attach 'x' as y",
        "insert or rollback into t values (1)",
    ] {
        assert!(check(sql).is_err(), "{sql}");
    }
    assert!(check("select case when 1 then 2 end").is_ok());
}
