import { createContext, memo, useContext } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { ErrorBoundary } from '../ui/ErrorBoundary';
import { CodeBlock } from './CodeBlock';
import { ImageLink, Link } from './Link';

const plugins = [remarkGfm];

/** Whether the block still grows. A context, since other components would throw away the state of a code block. */
const Growing = createContext(false);

interface MarkdownBlockProps {
  source: string;
  growing: boolean;
}

/** HTML in the source stays text: the renderer is given no plugin that would make elements of it. */
export const MarkdownBlock = memo(function MarkdownBlock({ source, growing }: MarkdownBlockProps) {
  return (
    <Growing value={growing}>
      <ErrorBoundary fallback={<p>{source}</p>}>
        <ReactMarkdown remarkPlugins={plugins} urlTransform={(address) => address} components={components}>
          {source}
        </ReactMarkdown>
      </ErrorBoundary>
    </Growing>
  );
});

const components: Components = {
  a: ({ href, children }) => <Link address={href ?? ''}>{children}</Link>,
  img: ({ src, alt }) => <ImageLink address={typeof src === 'string' ? src : ''} description={alt ?? ''} />,
  pre: function Pre({ node }) {
    const growing = useContext(Growing);
    const code = node?.children[0];
    if (code?.type !== 'element') return null;
    const text = code.children.map((child) => (child.type === 'text' ? child.value : '')).join('');
    return <CodeBlock code={text.replace(/\n$/, '')} language={languageOf(code)} growing={growing} />;
  },
  // Task lists are the only inputs that Markdown has.
  input: ({ checked }) => (
    <input type="checkbox" checked={checked} disabled aria-label={checked ? 'Done' : 'To do'} />
  ),
  table: ({ children }) => (
    // A wide table scrolls, and the keyboard must be able to.
    <section className="table-scroll" tabIndex={0} aria-label="Table">
      <table>{children}</table>
    </section>
  ),
};

function languageOf(code: { properties: Record<string, unknown> }): string | null {
  const names: unknown = code.properties.className;
  if (!Array.isArray(names)) return null;
  const name = names.filter((one) => typeof one === 'string').find((one) => one.startsWith('language-'));
  return name?.slice('language-'.length) ?? null;
}
