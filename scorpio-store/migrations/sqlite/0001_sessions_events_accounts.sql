-- Times are microseconds since 1970. Ids are text, so that a database can be read by hand.

create table scorpio_sessions (
    id text primary key,
    owner text not null,
    title text not null,
    -- The sequence number of the last message; it never falls.
    version integer not null default 0,
    created_at integer not null,
    updated_at integer not null,
    metadata text
) without rowid;
create index scorpio_sessions_by_activity on scorpio_sessions (owner, updated_at, id);

create table scorpio_runs (
    id text not null unique,
    session_id text not null references scorpio_sessions (id) on delete cascade,
    owner text not null,
    status text not null check (status in ('running', 'finished')),
    ended text,
    holder text not null,
    -- It rises each time the run changes hands; every write carries it.
    fence integer not null,
    lease_until integer not null,
    machine text not null,
    started_at integer not null,
    finished_at integer,
    check ((status = 'finished') = (finished_at is not null))
);
create index scorpio_runs_by_session on scorpio_runs (session_id);
create unique index scorpio_runs_one_live on scorpio_runs (session_id) where status = 'running';
create index scorpio_runs_live on scorpio_runs (started_at, id) where status = 'running';

create table scorpio_messages (
    session_id text not null references scorpio_sessions (id) on delete cascade,
    seq integer not null,
    message_id text not null,
    -- The run that the message began or that wrote it.
    run_id text not null,
    role text not null,
    body text not null,
    unique (session_id, seq),
    unique (session_id, message_id)
);

create table scorpio_tool_executions (
    -- The order in which they were planned. The implicit rowid would not survive a VACUUM.
    ordinal integer primary key,
    session_id text not null,
    run_id text not null references scorpio_runs (id) on delete cascade,
    turn integer not null,
    call_index integer not null,
    tool text not null,
    status text not null,
    body text not null,
    unique (run_id, turn, call_index)
);
create index scorpio_tool_executions_by_session on scorpio_tool_executions (session_id, ordinal);

-- A row is what was written together: a JSON array of events whose numbers follow each other.
create table scorpio_events (
    run_id text not null,
    first_seq integer not null,
    last_seq integer not null,
    event_count integer not null,
    appended_at integer not null,
    -- Whether the last of them ends the run.
    is_end integer not null,
    body text not null,
    unique (run_id, first_seq)
);
create index scorpio_events_by_age on scorpio_events (appended_at);

create table scorpio_users (
    id text primary key,
    kind text not null check (kind in ('guest', 'registered')),
    email text unique,
    password_hash text,
    created_at integer not null
) without rowid;

create table scorpio_auth_sessions (
    id text primary key,
    user_id text not null references scorpio_users (id) on delete cascade,
    revoked_at integer,
    idle_until integer not null,
    absolute_until integer not null
) without rowid;
create index scorpio_auth_sessions_by_user on scorpio_auth_sessions (user_id);

create table scorpio_refresh_tokens (
    -- SHA-256 of the token.
    hash blob primary key,
    auth_session_id text not null references scorpio_auth_sessions (id) on delete cascade,
    used_at integer
) without rowid;
create index scorpio_refresh_tokens_by_session on scorpio_refresh_tokens (auth_session_id);

create table scorpio_usage_ledger (
    user_id text not null,
    kind text not null,
    key text not null,
    spent_at integer not null,
    primary key (user_id, kind, key)
) without rowid;
create index scorpio_usage_ledger_by_time on scorpio_usage_ledger (user_id, kind, spent_at);
