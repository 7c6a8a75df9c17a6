-- Runs that wait for somebody, signals from other processes, journals, and branches in place of history that was cut off.

-- A column's check cannot be changed, so the table is made anew.
create table scorpio_runs_2 (
    id text not null unique,
    session_id text not null references scorpio_sessions (id) on delete cascade,
    owner text not null,
    -- The name of the agent whose run it is.
    agent text not null,
    status text not null check (status in ('running', 'waiting', 'finished')),
    ended text,
    holder text not null,
    -- It rises each time the run changes hands; every write carries it.
    fence integer not null,
    lease_until integer not null,
    -- When a run that waits goes on by itself.
    wake_at integer,
    -- The last commit that said which one it is.
    step integer not null default 0,
    recoveries integer not null default 0,
    -- How many of its signals were taken in.
    signals_seen integer not null default 0,
    machine text not null,
    started_at integer not null,
    finished_at integer,
    check ((status = 'finished') = (finished_at is not null))
);
insert into scorpio_runs_2
    (id, session_id, owner, agent, status, ended, holder, fence, lease_until, machine, started_at, finished_at)
    select id, session_id, owner, '', status, ended, holder, fence, lease_until, machine, started_at, finished_at
    from scorpio_runs order by rowid;

-- A tool execution outlives its run's row: an imported session has the one without the other.
create table scorpio_tool_executions_2 (
    -- The order in which they were planned. The implicit rowid would not survive a VACUUM.
    ordinal integer primary key,
    session_id text not null references scorpio_sessions (id) on delete cascade,
    run_id text not null,
    turn integer not null,
    call_index integer not null,
    tool text not null,
    status text not null,
    body text not null,
    unique (session_id, run_id, turn, call_index)
);
insert into scorpio_tool_executions_2 select * from scorpio_tool_executions;
drop table scorpio_tool_executions;
alter table scorpio_tool_executions_2 rename to scorpio_tool_executions;
create index scorpio_tool_executions_by_session on scorpio_tool_executions (session_id, ordinal);

drop table scorpio_runs;
alter table scorpio_runs_2 rename to scorpio_runs;
create index scorpio_runs_by_session on scorpio_runs (session_id);
create unique index scorpio_runs_one_live on scorpio_runs (session_id) where status <> 'finished';
create index scorpio_runs_live on scorpio_runs (started_at, id) where status <> 'finished';

create table scorpio_messages_2 (
    session_id text not null references scorpio_sessions (id) on delete cascade,
    seq integer not null,
    -- The message before it on its branch; 0 for the first.
    parent integer not null,
    -- Whether it is on the branch that is the history now.
    is_current integer not null,
    message_id text not null,
    -- The run that the message began or that wrote it.
    run_id text not null,
    role text not null,
    body text not null,
    unique (session_id, seq)
);
insert into scorpio_messages_2
    select session_id, seq, coalesce(lag(seq) over (partition by session_id order by seq), 0), 1, message_id, run_id, role, body
    from scorpio_messages;
drop table scorpio_messages;
alter table scorpio_messages_2 rename to scorpio_messages;
create unique index scorpio_messages_current on scorpio_messages (session_id, message_id) where is_current = 1;
-- Few sessions have other branches, so these cost nothing when a message is appended.
create index scorpio_messages_others_by_id on scorpio_messages (session_id, message_id, seq) where is_current = 0;
create index scorpio_messages_others_by_parent on scorpio_messages (session_id, parent, seq) where is_current = 0;

create table scorpio_signals (
    run_id text not null references scorpio_runs (id) on delete cascade,
    seq integer not null,
    -- What it settles once and for all.
    subject text,
    body text not null,
    sent_at integer not null,
    primary key (run_id, seq)
) without rowid;
create unique index scorpio_signals_by_subject on scorpio_signals (run_id, subject) where subject is not null;

create table scorpio_journal (
    run_id text not null references scorpio_runs (id) on delete cascade,
    seq integer not null,
    fence integer not null,
    payload text not null,
    written_at integer not null,
    previous blob not null,
    hash blob not null,
    primary key (run_id, seq)
) without rowid;

-- The tools that the owner lets run without being asked again: a JSON array of names.
alter table scorpio_sessions add column approved_tools text not null default '[]';
