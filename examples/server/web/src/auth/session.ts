/**
 * Who is signed in. The access token lives in memory only; the refresh token is a cookie that scripts cannot read and
 * that each use rotates, so two refreshes must never run at the same time, not even in two tabs.
 */
import { requestJson } from '../api/http';
import { asProblem, Problem } from '../api/problem';
import type { SessionAnswer, User } from '../api/types';
import { createStore } from '../state/store';

export interface SessionState {
  phase: 'starting' | 'ready' | 'ended' | 'failed';
  user: User | null;
  problem: Problem | null;
}

export const session = createStore<SessionState>({ phase: 'starting', user: null, problem: null });

/** A token this close to its end is renewed first: the request may take a while to arrive. */
const leastLifetime = 30_000;
const renewBeforeEnd = 60_000;

let token: { value: string; endsAt: number } | null = null;
let pending: Promise<void> | null = null;
let renewal: ReturnType<typeof setTimeout> | undefined;

const otherTabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('scorpio-session');
otherTabs?.addEventListener('message', () => void renew().catch(() => undefined));

/** Signs in with the cookie of an earlier visit, or as a new guest. */
export function startSession(): Promise<void> {
  return share(refreshOrBecomeGuest);
}

export async function accessToken(): Promise<string> {
  if (pending !== null) await pending.catch(() => undefined);
  if (token === null || token.endsAt - Date.now() < leastLifetime) await renew();
  if (token === null) throw sessionEnded();
  return token.value;
}

/** Renews unless somebody has done so since the refused token was handed out. */
export async function renewAfter(refused: string): Promise<void> {
  if (token === null || token.value === refused) await renew();
}

/** Puts a new sign-in in the place of the present one and tells the other tabs. */
export async function replaceSession(signIn: () => Promise<SessionAnswer>): Promise<void> {
  if (pending !== null) await pending.catch(() => undefined);
  pending = exclusive(signIn)
    .then(accept)
    .finally(() => {
      pending = null;
    });
  await pending;
  otherTabs?.postMessage('changed');
}

export function becomeGuest(): Promise<SessionAnswer> {
  return requestJson('/api/auth/guest', { method: 'POST', body: {} });
}

/** The header that a foreign page cannot send with the cookie. */
export const cookieHeaders = { 'x-scorpio-request': '1' };

function renew(): Promise<void> {
  return share(session.get().user === null ? refreshOrBecomeGuest : refresh);
}

function refresh(): Promise<SessionAnswer> {
  return requestJson('/api/auth/refresh', { method: 'POST', headers: cookieHeaders });
}

async function refreshOrBecomeGuest(): Promise<SessionAnswer> {
  try {
    return await refresh();
  } catch (thrown) {
    if (asProblem(thrown).status !== 401) throw thrown;
    return becomeGuest();
  }
}

function share(signIn: () => Promise<SessionAnswer>): Promise<void> {
  pending ??= exclusive(signIn)
    .then(accept, refuse)
    .finally(() => {
      pending = null;
    });
  return pending;
}

/** One at a time over all tabs, where the browser can do that (it cannot on plain HTTP). */
function exclusive<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  return navigator.locks === undefined ? work() : navigator.locks.request('scorpio-session', work);
}

function accept(answer: SessionAnswer): void {
  const lifetime = answer.expires_in * 1000;
  token = { value: answer.access_token, endsAt: Date.now() + lifetime };
  clearTimeout(renewal);
  renewal = setTimeout(() => void renew().catch(() => undefined), Math.max(lifetime - renewBeforeEnd, 5_000));
  session.update({ phase: 'ready', user: answer.user, problem: null });
}

function refuse(thrown: unknown): never {
  const problem = asProblem(thrown);
  if (session.get().user === null) {
    session.update({ phase: 'failed', problem });
  } else if (problem.status === 401) {
    token = null;
    clearTimeout(renewal);
    session.update({ phase: 'ended', problem });
  }
  throw problem;
}

function sessionEnded(): Problem {
  return new Problem({ detail: 'Your session has ended.', status: 401, code: 'unauthorized:auth' });
}
