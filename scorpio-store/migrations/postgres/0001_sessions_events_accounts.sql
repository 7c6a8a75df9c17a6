-- Names begin with scorpio_ and are found in the schema that is current. Ids that people or models choose are text, in the order
-- of their bytes. JSON is kept as text, so that it comes back as it was.

create table scorpio_sessions (
    id text collate "C" primary key,
    owner text collate "C" not null,
    title text not null,
    -- The sequence number of the last message; it never falls.
    version bigint not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    metadata text
);
create index scorpio_sessions_by_activity on scorpio_sessions (owner, updated_at, id);

create table scorpio_runs (
    id uuid primary key,
    session_id text collate "C" not null references scorpio_sessions (id) on delete cascade,
    owner text collate "C" not null,
    status text not null check (status in ('running', 'finished')),
    ended text,
    holder text collate "C" not null,
    -- It rises each time the run changes hands; every write carries it.
    fence bigint not null,
    lease_until timestamptz not null,
    machine text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    check ((status = 'finished') = (finished_at is not null))
);
create index scorpio_runs_by_session on scorpio_runs (session_id);
create unique index scorpio_runs_one_live on scorpio_runs (session_id) where status = 'running';
create index scorpio_runs_live on scorpio_runs (started_at, id) where status = 'running';

create table scorpio_messages (
    session_id text collate "C" not null references scorpio_sessions (id) on delete cascade,
    seq bigint not null,
    message_id text collate "C" not null,
    -- The run that the message began or that wrote it.
    run_id uuid not null,
    role text not null,
    body text not null,
    primary key (session_id, seq),
    unique (session_id, message_id)
);

create table scorpio_tool_executions (
    -- The order in which they were planned.
    ordinal bigint generated always as identity primary key,
    session_id text collate "C" not null,
    run_id uuid not null references scorpio_runs (id) on delete cascade,
    turn bigint not null,
    call_index bigint not null,
    tool text not null,
    status text not null,
    body text not null,
    unique (run_id, turn, call_index)
);
create index scorpio_tool_executions_by_session on scorpio_tool_executions (session_id, ordinal);

-- A row is what was written together: a JSON array of events whose numbers follow each other.
create table scorpio_events (
    run_id uuid not null,
    first_seq bigint not null,
    last_seq bigint not null,
    event_count bigint not null,
    appended_at timestamptz not null,
    -- Whether the last of them ends the run.
    is_end boolean not null,
    body text not null,
    primary key (run_id, first_seq)
);
create index scorpio_events_by_age on scorpio_events (appended_at);

create table scorpio_users (
    id uuid primary key,
    kind text not null check (kind in ('guest', 'registered')),
    email text collate "C" unique,
    password_hash text,
    created_at timestamptz not null
);

create table scorpio_auth_sessions (
    id uuid primary key,
    user_id uuid not null references scorpio_users (id) on delete cascade,
    revoked_at timestamptz,
    idle_until timestamptz not null,
    absolute_until timestamptz not null
);
create index scorpio_auth_sessions_by_user on scorpio_auth_sessions (user_id);

create table scorpio_refresh_tokens (
    -- SHA-256 of the token.
    hash bytea primary key,
    auth_session_id uuid not null references scorpio_auth_sessions (id) on delete cascade,
    used_at timestamptz
);
create index scorpio_refresh_tokens_by_session on scorpio_refresh_tokens (auth_session_id);

create table scorpio_usage_ledger (
    user_id uuid not null,
    kind text collate "C" not null,
    key text collate "C" not null,
    spent_at timestamptz not null,
    primary key (user_id, kind, key)
);
create index scorpio_usage_ledger_by_time on scorpio_usage_ledger (user_id, kind, spent_at);

-- Counts something if it fits. Those who spend on one account wait for each other, and each statement in here sees what those before
-- have spent: a single statement would count what was there before it waited.
create function scorpio_spend_1 (
    the_user uuid, the_kind text, the_key text, now_ timestamptz, since timestamptz, allowed bigint,
    out is_spent boolean, out used bigint, out oldest timestamptz
) language plpgsql set search_path from current as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('scorpio spend ' || the_kind, uuid_hash_extended(the_user, 0)));
    insert into scorpio_usage_ledger (user_id, kind, key, spent_at)
    select the_user, the_kind, the_key, now_
    where (select count(*) from scorpio_usage_ledger where user_id = the_user and kind = the_kind and spent_at > since) < allowed
    on conflict do nothing;
    select count(*), min(spent_at) into used, oldest
    from scorpio_usage_ledger where user_id = the_user and kind = the_kind and spent_at > since;
    is_spent := exists (select from scorpio_usage_ledger where user_id = the_user and kind = the_kind and key = the_key);
end
$$;
