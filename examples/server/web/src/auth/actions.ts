import { bearerHeader } from '../api/authorized';
import { requestJson } from '../api/http';
import type { SessionAnswer } from '../api/types';
import { becomeGuest, cookieHeaders, replaceSession, session } from './session';

interface Credentials {
  email: string;
  password: string;
}

export function signIn(credentials: Credentials): Promise<void> {
  return replaceSession(() => requestJson('/api/auth/login', { method: 'POST', body: credentials }));
}

/** A guest who registers keeps the chats: the server turns the guest of the token into the registered user. */
export async function register(credentials: Credentials): Promise<void> {
  const { user, phase } = session.get();
  const headers = user?.kind === 'guest' && phase === 'ready' ? await bearerHeader() : {};
  await replaceSession(() =>
    requestJson<SessionAnswer>('/api/auth/register', { method: 'POST', body: credentials, headers }),
  );
}

/** Ends the sign-in and goes on as a new guest, since the page needs nobody to sign in. */
export function signOut(): Promise<void> {
  return replaceSession(async () => {
    await requestJson('/api/auth/logout', { method: 'POST', headers: cookieHeaders });
    return becomeGuest();
  });
}

export function continueAsGuest(): Promise<void> {
  return replaceSession(becomeGuest);
}
