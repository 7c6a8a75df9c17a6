import { Brain, Calculator, Clock, Mail, Sun } from 'lucide-react';
import { models } from '../shell/models';
import { useStore } from '../state/store';
import { Logo } from '../ui/Logo';
import { chosenModel } from './chosenModel';

const suggestions = [
  { icon: Sun, text: 'Why is the sky blue?', shows: 'A written answer' },
  { icon: Calculator, text: 'What is 12*34?', shows: 'Calculates with a tool' },
  { icon: Clock, text: 'What time is it in Tokyo?', shows: 'Looks at the clock' },
  { icon: Brain, text: 'Think about why the night is dark', shows: 'Shows its reasoning' },
];

/** The demo has a tool that asks, in place of one that does not. */
const demoSuggestions = suggestions.map((suggestion) =>
  suggestion.icon === Clock
    ? { icon: Mail, text: 'Send an e-mail to ada@example.com', shows: 'Asks you before it (pretends to) act' }
    : suggestion,
);

export function Welcome({ onSend }: { onSend: (text: string) => void }) {
  const { list, picked } = useStore(models);
  const current = chosenModel(list, null, picked);
  return (
    <div className="welcome">
      <Logo />
      <h1>What can Scorpio do for you?</h1>
      <p>
        An agent that answers, uses tools and shows every step it takes.
        <span className="welcome-model">
          {current === null ? ' ' : modelSentence(current.name, current.demo)}
        </span>
      </p>
      <ul className="suggestions" aria-label="Suggestions">
        {(current?.demo ? demoSuggestions : suggestions).map(({ icon: Icon, text, shows }) => (
          <li key={text}>
            <button
              type="button"
              className="suggestion"
              data-testid="suggestion"
              onClick={() => onSend(text)}
            >
              <Icon aria-hidden="true" />
              <span>
                {text}
                <small>{shows}</small>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function modelSentence(name: string, demo: boolean): string {
  return demo
    ? 'This is the built-in demo model: its answers are scripted and cost nothing.'
    : `Answers come from ${name}.`;
}
