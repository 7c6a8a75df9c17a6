import { ChevronLeft, ChevronRight } from 'lucide-react';
import type { Ways } from './branches';

interface BranchSwitcherProps {
  ways: Ways;
  /** What there are several of. */
  of: 'question' | 'answer';
  /** An answer is being written; it would be left. */
  disabled: boolean;
  onSwitch: (seq: number) => void;
}

/** Goes through the ways in which a chat went on. */
export function BranchSwitcher({ ways, of, disabled, onSwitch }: BranchSwitcherProps) {
  const { current, seqs } = ways;
  const step = (by: -1 | 1, label: string, Icon: typeof ChevronLeft) => {
    const seq = seqs[current + by];
    return (
      <button
        type="button"
        className="icon-button small"
        aria-label={label}
        title={label}
        disabled={disabled || seq === undefined}
        onClick={() => seq !== undefined && onSwitch(seq)}
      >
        <Icon />
      </button>
    );
  };
  return (
    <div
      className="branch-switcher"
      role="group"
      aria-label={`Versions of this ${of}`}
      data-testid="branches"
    >
      {step(-1, `Previous ${of}`, ChevronLeft)}
      <span data-testid="branch-position">
        {current + 1}/{seqs.length}
      </span>
      {step(1, `Next ${of}`, ChevronRight)}
    </div>
  );
}
