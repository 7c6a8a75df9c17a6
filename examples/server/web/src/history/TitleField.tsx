import { type KeyboardEvent, useRef, useState } from 'react';

interface TitleFieldProps {
  title: string;
  /** Gets the new title, or the old one when the reader changed their mind. */
  onDone: (title: string) => void;
}

export function TitleField({ title, onDone }: TitleFieldProps) {
  const [text, setText] = useState(title);
  /** Leaving the field also happens because it goes away, which must not be taken for a second answer. */
  const done = useRef(false);

  const finish = (result: string) => {
    if (done.current) return;
    done.current = true;
    onDone(result.trim());
  };

  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === 'Enter' && !event.nativeEvent.isComposing) finish(text);
    if (event.key === 'Escape') finish(title);
  };

  return (
    <input
      className="title-field"
      value={text}
      maxLength={200}
      aria-label="Title of the chat"
      // The reader asked to rename this chat.
      autoFocus
      onFocus={(event) => event.target.select()}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => finish(text)}
      onKeyDown={onKeyDown}
    />
  );
}
