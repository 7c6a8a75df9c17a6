import type { DynamicToolUIPart } from 'ai';
import { ShieldQuestion } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import type { Approval, ApprovalAnswer } from '../api/types';
import { isObject, parseArguments } from './approvalArguments';
import { effectsSentence, reasonSentence } from './approvalWords';
import { prettyValue, toolLabel } from './toolLabels';

interface ApprovalCardProps {
  part: DynamicToolUIPart;
  /** What the server says about the question; undefined while it is not known. */
  approval: Approval | undefined;
  onAnswer: (answer: ApprovalAnswer) => Promise<void>;
}

type Mode = 'ask' | 'edit' | 'deny';

/** Asks whether a tool may be called, and shows exactly what it would be called with. */
export function ApprovalCard({ part, approval, onAnswer }: ApprovalCardProps) {
  const input = prettyValue(approval?.arguments ?? part.input);
  const [mode, setMode] = useState<Mode>('ask');
  const [edited, setEdited] = useState(input);
  const [reason, setReason] = useState('');
  const [always, setAlways] = useState(false);
  const [answering, setAnswering] = useState(false);
  const card = useRef<HTMLElement>(null);
  const id = useId();
  const changed = parseArguments(edited);
  const editable = isObject(approval?.arguments ?? part.input);

  // Whoever is not writing can answer at once.
  useEffect(() => {
    const active = document.activeElement;
    const isWriting = active instanceof HTMLTextAreaElement && active.value !== '';
    if (!isWriting && matchMedia('(hover: hover)').matches) card.current?.focus({ preventScroll: true });
  }, []);

  const answer = async (given: ApprovalAnswer) => {
    setAnswering(true);
    const { argumentsHash } = approval ?? {};
    await onAnswer(argumentsHash === undefined ? given : { ...given, argumentsHash });
    setAnswering(false);
  };
  const approve = () => void answer({ decision: 'approve', ...(always && { always }) });
  const approveChanged = () => {
    if (changed.kind === 'valid') {
      void answer({ decision: 'approve', arguments: changed.value, ...(always && { always }) });
    }
  };
  const deny = () =>
    void answer({ decision: 'deny', ...(reason.trim() !== '' && { reason: reason.trim() }) });
  const edit = () => {
    setEdited(input);
    setMode('edit');
  };
  const back = () => {
    setMode('ask');
    card.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || answering) return;
    if (event.key === 'Escape' && mode !== 'ask') {
      event.stopPropagation();
      back();
      return;
    }
    const isField = event.target instanceof HTMLElement && event.target.matches('textarea, input[type=text]');
    if (mode !== 'ask' || isField || event.ctrlKey || event.metaKey || event.altKey) return;
    const does = { a: approve, d: () => setMode('deny'), e: editable ? edit : undefined }[
      event.key.toLowerCase()
    ];
    if (does !== undefined) {
      event.preventDefault();
      does();
    }
  };

  return (
    <section
      ref={card}
      tabIndex={-1}
      className="approval"
      aria-labelledby={`${id}-title`}
      data-testid="approval"
      onKeyDown={onKeyDown}
    >
      <header className="approval-head">
        <ShieldQuestion aria-hidden="true" />
        <h3 id={`${id}-title`}>{toolLabel(part)}</h3>
        <span className="tool-state">Waiting for your approval</span>
      </header>
      <p className="approval-effects">
        {approval === undefined
          ? ''
          : `${reasonSentence(approval.reason)}${effectsSentence(approval.effects)}`}
      </p>
      {mode === 'edit' ? (
        <>
          <textarea
            className="approval-editor"
            aria-label="Arguments"
            aria-invalid={changed.kind === 'invalid'}
            aria-describedby={`${id}-problem`}
            data-testid="approval-editor"
            spellCheck={false}
            autoFocus
            rows={Math.min(edited.split('\n').length + 1, 16)}
            value={edited}
            onChange={(event) => setEdited(event.target.value)}
          />
          <p className="approval-problem" id={`${id}-problem`} role="status">
            {changed.kind === 'invalid' ? changed.why : ''}
          </p>
        </>
      ) : (
        <pre className="approval-arguments" data-testid="approval-arguments" tabIndex={0}>
          {input}
        </pre>
      )}
      {mode === 'deny' && (
        <input
          type="text"
          className="approval-reason"
          aria-label="Why not"
          placeholder="Why not? The model is told (optional)"
          data-testid="approval-reason"
          maxLength={2000}
          autoFocus
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.nativeEvent.isComposing) deny();
          }}
        />
      )}
      <footer className="approval-actions">
        {mode === 'ask' && (
          <>
            <button
              type="button"
              className="button primary"
              data-testid="approve"
              disabled={answering}
              onClick={approve}
            >
              Approve <kbd>A</kbd>
            </button>
            <button
              type="button"
              className="button"
              data-testid="deny"
              disabled={answering}
              onClick={() => setMode('deny')}
            >
              Deny <kbd>D</kbd>
            </button>
            {editable && (
              <button
                type="button"
                className="button"
                data-testid="edit-arguments"
                disabled={answering}
                onClick={edit}
              >
                Edit <kbd>E</kbd>
              </button>
            )}
          </>
        )}
        {mode === 'edit' && (
          <>
            <button
              type="button"
              className="button primary"
              data-testid="approve-edited"
              disabled={answering || changed.kind === 'invalid'}
              onClick={approveChanged}
            >
              Approve with these
            </button>
            <button type="button" className="button" disabled={answering} onClick={back}>
              Back
            </button>
          </>
        )}
        {mode === 'deny' && (
          <>
            <button
              type="button"
              className="button danger"
              data-testid="deny-confirm"
              disabled={answering}
              onClick={deny}
            >
              Deny
            </button>
            <button type="button" className="button" disabled={answering} onClick={back}>
              Back
            </button>
          </>
        )}
        {mode !== 'deny' && (
          <label className="approval-always">
            <input
              type="checkbox"
              data-testid="approval-always"
              checked={always}
              onChange={(event) => setAlways(event.target.checked)}
            />
            Always in this chat
          </label>
        )}
      </footer>
    </section>
  );
}
