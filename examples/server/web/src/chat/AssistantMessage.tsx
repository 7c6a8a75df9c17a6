import { FileText, GitFork, Link2, RotateCcw } from 'lucide-react';
import { memo, useRef } from 'react';
import type { ChatMessage, MessageStatus } from '../api/types';
import { Link } from '../markdown/Link';
import { Markdown } from '../markdown/Markdown';
import { CopyButton } from '../ui/CopyButton';
import { Activity } from './Activity';
import { type AnswerNotes, noNotes, withoutVoid } from './answerNotes';
import type { Ways } from './branches';
import { BranchSwitcher } from './BranchSwitcher';
import { answeredBy } from './chosenModel';
import { type Section, sectionsOf, steadier, textOf } from './messages';
import { Reasoning } from './Reasoning';
import { type Questions, ToolGroup } from './ToolGroup';

interface AssistantMessageProps {
  message: ChatMessage;
  running: boolean;
  /** What is told beside an answer that runs. */
  notes?: AnswerNotes;
  /** Absent for all but the last answer. */
  onRegenerate?: () => void;
  /** Absent for all but the last answer. */
  questions?: Questions;
  branches?: Ways;
  busy: boolean;
  onSwitch: (seq: number) => void;
  onFork: (messageId: string) => void;
}

const endings: Partial<Record<MessageStatus, string>> = {
  stopped: 'Stopped',
  interrupted: 'Interrupted by a restart of the server',
  failed: 'This answer broke off',
};

export const AssistantMessage = memo(function AssistantMessage(props: AssistantMessageProps) {
  const { message: latest, running, notes = noNotes, onRegenerate, questions, branches, busy } = props;
  const shown = useRef<ChatMessage>(undefined);
  const received = running ? steadier(shown.current, latest) : latest;
  shown.current = received;
  const message = withoutVoid(received, notes);
  const model = message.metadata?.model;
  const sections = sectionsOf(message);
  const ending = message.metadata?.status === undefined ? undefined : endings[message.metadata.status];
  return (
    <article className="message assistant" data-testid="message-assistant" aria-label="Scorpio">
      {sections.map((section, index) => (
        <SectionView
          key={section.key}
          section={section}
          running={running}
          growing={running && index === sections.length - 1}
          questions={questions}
        />
      ))}
      <footer className="message-footer">
        {running ? (
          <Activity message={received} notes={notes} thinking={sections.at(-1)?.kind === 'reasoning'} />
        ) : (
          <div className="message-actions">
            {branches !== undefined && (
              <BranchSwitcher ways={branches} of="answer" disabled={busy} onSwitch={props.onSwitch} />
            )}
            <CopyButton text={() => textOf(message)} label="Copy answer" />
            {onRegenerate !== undefined && (
              <button
                type="button"
                className="icon-button small"
                aria-label="Regenerate answer"
                title="Regenerate answer"
                data-testid="regenerate"
                onClick={onRegenerate}
              >
                <RotateCcw />
              </button>
            )}
            <button
              type="button"
              className="icon-button small"
              aria-label="Go on from here in a new chat"
              title="Go on from here in a new chat"
              data-testid="fork"
              onClick={() => props.onFork(message.id)}
            >
              <GitFork />
            </button>
            {ending !== undefined && <span className="message-ending">{ending}</span>}
            {model !== undefined && (
              <span className="message-model" data-testid="message-model">
                {answeredBy(model)}
              </span>
            )}
          </div>
        )}
      </footer>
    </article>
  );
});

interface SectionViewProps {
  section: Section;
  running: boolean;
  growing: boolean;
  questions?: Questions;
}

function SectionView({ section, running, growing, questions }: SectionViewProps) {
  switch (section.kind) {
    case 'text':
      return <Markdown text={section.text} growing={growing} />;
    case 'reasoning':
      return <Reasoning id={section.key} parts={section.parts} thinking={growing} />;
    case 'tools':
      return <ToolGroup parts={section.parts} answerRuns={running} questions={questions} />;
    case 'source':
      return (
        <p className="source">
          <Link2 className="inline-icon" aria-hidden="true" />
          <Link address={section.url}>{section.title}</Link>
        </p>
      );
    case 'file':
      return (
        <p className="source">
          <FileText className="inline-icon" aria-hidden="true" />
          <Link address={section.url}>{section.name}</Link>
        </p>
      );
  }
}
