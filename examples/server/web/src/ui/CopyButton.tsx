import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { copyText } from '../state/clipboard';

const confirmationTime = 1_500;

interface CopyButtonProps {
  text: () => string;
  label: string;
}

export function CopyButton({ text, label }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (!(await copyText(text()))) return;
    setCopied(true);
    setTimeout(() => setCopied(false), confirmationTime);
  };
  return (
    <button
      type="button"
      className="icon-button small"
      aria-label={copied ? 'Copied' : label}
      title={label}
      onClick={copy}
    >
      {copied ? <Check /> : <Copy />}
    </button>
  );
}
