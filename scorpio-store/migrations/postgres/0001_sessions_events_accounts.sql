-- Names begin with scorpio_ and are found in the schema that is current. Ids that people or models choose are text, in the order
-- of their bytes. JSON is kept as text, so that it comes back as it was.

create table scorpio_sessions (
    id text collate "C" primary key,
    owner text collate "C" not null,
    title text not null,
    -- It rises with each message, which is numbered with it, and with each change of the branch.
    version bigint not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    metadata text,
    -- The tools that the owner lets run without being asked again: a JSON array of names.
    approved_tools text not null default '[]'
);
create index scorpio_sessions_by_activity on scorpio_sessions (owner, updated_at, id);

create table scorpio_runs (
    id uuid primary key,
    session_id text collate "C" not null references scorpio_sessions (id) on delete cascade,
    owner text collate "C" not null,
    -- The name of the agent whose run it is.
    agent text collate "C" not null,
    status text not null check (status in ('running', 'waiting', 'finished')),
    ended text,
    holder text collate "C" not null,
    -- It rises each time the run changes hands; every write carries it.
    fence bigint not null,
    lease_until timestamptz not null,
    -- When a run that waits goes on by itself.
    wake_at timestamptz,
    -- The last commit that said which one it is.
    step bigint not null default 0,
    recoveries bigint not null default 0,
    -- How many signals it was sent, and how many of them it has taken in.
    signals_sent bigint not null default 0,
    signals_seen bigint not null default 0,
    machine text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    check ((status = 'finished') = (finished_at is not null))
);
create index scorpio_runs_by_session on scorpio_runs (session_id);
create unique index scorpio_runs_one_live on scorpio_runs (session_id) where status <> 'finished';
create index scorpio_runs_live on scorpio_runs (started_at, id) where status <> 'finished';

create table scorpio_messages (
    session_id text collate "C" not null references scorpio_sessions (id) on delete cascade,
    seq bigint not null,
    -- The message before it on its branch; 0 for the first.
    parent bigint not null,
    -- Whether it is on the branch that is the history now.
    is_current boolean not null,
    message_id text collate "C" not null,
    -- The run that the message began or that wrote it.
    run_id uuid not null,
    role text not null,
    body text not null,
    primary key (session_id, seq)
);
create unique index scorpio_messages_current on scorpio_messages (session_id, message_id) where is_current;
-- Few sessions have other branches, so these cost nothing when a message is appended.
create index scorpio_messages_others_by_id on scorpio_messages (session_id, message_id, seq) where not is_current;
create index scorpio_messages_others_by_parent on scorpio_messages (session_id, parent, seq) where not is_current;

-- A tool execution outlives its run's row: an imported session has the one without the other.
create table scorpio_tool_executions (
    -- The order in which they were planned.
    ordinal bigint generated always as identity primary key,
    session_id text collate "C" not null references scorpio_sessions (id) on delete cascade,
    run_id uuid not null,
    turn bigint not null,
    call_index bigint not null,
    tool text not null,
    status text not null,
    body text not null,
    unique (session_id, run_id, turn, call_index)
);
create index scorpio_tool_executions_by_session on scorpio_tool_executions (session_id, ordinal);

create table scorpio_signals (
    run_id uuid not null references scorpio_runs (id) on delete cascade,
    seq bigint not null,
    -- What it settles once and for all.
    subject text collate "C",
    body text not null,
    sent_at timestamptz not null,
    primary key (run_id, seq)
);
create unique index scorpio_signals_by_subject on scorpio_signals (run_id, subject) where subject is not null;

create table scorpio_journal (
    run_id uuid not null references scorpio_runs (id) on delete cascade,
    seq bigint not null,
    fence bigint not null,
    payload text not null,
    written_at timestamptz not null,
    previous bytea not null,
    hash bytea not null,
    primary key (run_id, seq)
);

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
