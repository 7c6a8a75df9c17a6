import { clockTime } from '../chat/notice';
import { useStore } from '../state/store';
import { quota } from './quota';

export function QuotaMeter() {
  const { limit, remaining, resetsAt } = useStore(quota);
  if (limit === null || remaining === null) return null;
  const hint =
    resetsAt === null ? undefined : `The next message comes back at ${clockTime(resetsAt, new Date())}.`;
  return (
    <div className={remaining === 0 ? 'quota used-up' : 'quota'} data-testid="quota" title={hint}>
      <span>
        {remaining} of {limit} messages left
      </span>
      <meter min={0} max={limit} value={remaining} aria-label="Messages left" />
    </div>
  );
}
