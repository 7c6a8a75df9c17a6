import { memo, type ReactNode, startTransition, useEffect, useState } from 'react';
import { CopyButton } from '../ui/CopyButton';

const longCode = 30;
const foldedLines = 16;

interface CodeBlockProps {
  code: string;
  language: string | null;
  growing: boolean;
}

export const CodeBlock = memo(function CodeBlock({ code, language, growing }: CodeBlockProps) {
  const lines = code.split('\n');
  // Code that the reader has watched being written must not fold under their eyes.
  const [folded, setFolded] = useState(!growing && lines.length > longCode);
  const shown = folded ? lines.slice(0, foldedLines).join('\n') : code;
  const highlighted = useHighlighted(shown, growing ? null : language);
  return (
    <figure className="code-block">
      <figcaption>
        <span>{language ?? 'text'}</span>
        <CopyButton text={() => code} label="Copy code" />
      </figcaption>
      {/* Wide code scrolls, and the keyboard must be able to. */}
      <pre tabIndex={0} className={folded ? 'folded' : undefined}>
        <code>{highlighted ?? shown}</code>
      </pre>
      {folded && (
        <button type="button" className="unfold" onClick={() => setFolded(false)}>
          Show all {lines.length} lines
        </button>
      )}
    </figure>
  );
});

/** Coloured code, once the highlighter has been loaded; plain text until then and for unknown languages. */
function useHighlighted(code: string, language: string | null): ReactNode {
  const [result, setResult] = useState<{ code: string; content: ReactNode } | null>(null);
  useEffect(() => {
    if (language === null) return;
    let wanted = true;
    import('./highlight')
      .then(({ highlight }) => {
        if (wanted) startTransition(() => setResult({ code, content: highlight(code, language) }));
      })
      .catch(() => undefined);
    return () => {
      wanted = false;
    };
  }, [code, language]);
  return result?.code === code ? result.content : null;
}
