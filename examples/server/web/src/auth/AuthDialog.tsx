import { X } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { asProblem } from '../api/problem';
import { useStore } from '../state/store';
import { Dialog } from '../ui/Dialog';
import { Logo } from '../ui/Logo';
import { register, signIn } from './actions';
import { type AuthForm, authDialog, closeAuth, openAuth } from './authDialog';
import { session } from './session';

const texts = {
  'sign-in': {
    title: 'Sign in',
    lead: 'Chats of this guest visit stay with the guest.',
    submit: 'Sign in',
    question: 'New here?',
    other: 'Create an account',
  },
  register: {
    title: 'Create an account',
    lead: 'Your chats move with you, and you get more messages a day.',
    submit: 'Create account',
    question: 'Have an account?',
    other: 'Sign in',
  },
} as const;

export function AuthDialog() {
  const { form } = useStore(authDialog);
  if (form === null) return null;
  return (
    <Dialog label={texts[form].title} className="narrow" onClose={closeAuth}>
      <AuthFields key={form} form={form} />
    </Dialog>
  );
}

function AuthFields({ form }: { form: AuthForm }) {
  const { user } = useStore(session);
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const text = texts[form];

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const credentials = {
      email: textField(fields, 'email').trim(),
      password: textField(fields, 'password'),
    };
    setSending(true);
    setProblem(null);
    try {
      await (form === 'sign-in' ? signIn(credentials) : register(credentials));
      closeAuth();
    } catch (thrown) {
      setProblem(asProblem(thrown).message);
      setSending(false);
    }
  };

  return (
    <form className="auth-form" onSubmit={submit}>
      <Logo />
      <h2>{text.title}</h2>
      {user?.kind === 'guest' && <p className="muted">{text.lead}</p>}
      <label>
        Email
        <input
          name="email"
          type="email"
          autoComplete="email"
          required
          maxLength={254}
          data-testid="auth-email"
        />
      </label>
      <label>
        Password
        <input
          name="password"
          type="password"
          autoComplete={form === 'sign-in' ? 'current-password' : 'new-password'}
          required
          minLength={form === 'register' ? 8 : undefined}
          data-testid="auth-password"
        />
        {form === 'register' && <span className="field-help">At least 8 characters</span>}
      </label>
      {problem !== null && (
        <p className="field-problem" role="alert" data-testid="error-banner">
          {problem}
        </p>
      )}
      <button type="submit" className="button primary wide" disabled={sending} data-testid="auth-submit">
        {sending ? 'One moment…' : text.submit}
      </button>
      <p className="auth-switch">
        {text.question}{' '}
        <button
          type="button"
          className="link-button"
          data-testid="auth-switch"
          onClick={() => openAuth(form === 'sign-in' ? 'register' : 'sign-in')}
        >
          {text.other}
        </button>
      </p>
      {/* Last, because a dialog gives the focus to what comes first, and the reader came to fill it in. */}
      <button type="button" className="icon-button dialog-close" aria-label="Close" onClick={closeAuth}>
        <X />
      </button>
    </form>
  );
}

function textField(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === 'string' ? value : '';
}
