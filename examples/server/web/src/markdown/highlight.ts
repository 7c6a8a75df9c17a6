/** Loaded when the first code block is complete; it is as large as half the rest of the page. */
import { toJsxRuntime } from 'hast-util-to-jsx-runtime';
import { common, createLowlight } from 'lowlight';
import type { ReactElement } from 'react';
import { Fragment, jsx, jsxs } from 'react/jsx-runtime';

const lowlight = createLowlight(common);

export function highlight(code: string, language: string): ReactElement | null {
  if (!lowlight.registered(language)) return null;
  const tree = lowlight.highlight(language, code);
  // The library names its result after a global JSX namespace that React no longer declares.
  return toJsxRuntime(tree, { Fragment, jsx, jsxs }) as ReactElement;
}
