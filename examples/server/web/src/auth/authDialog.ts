/** Which of the two sign-in forms is open; several places of the page open them. */
import { createStore } from '../state/store';

export type AuthForm = 'sign-in' | 'register';

export const authDialog = createStore<{ form: AuthForm | null }>({ form: null });

export function openAuth(form: AuthForm): void {
  authDialog.update({ form });
}

export function closeAuth(): void {
  authDialog.update({ form: null });
}
