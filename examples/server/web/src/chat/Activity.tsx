/** The quiet line that says what the agent is doing. */
export function Activity({ label }: { label: string }) {
  return (
    <div className="activity">
      <span className="activity-dot" aria-hidden="true" />
      {label}
    </div>
  );
}
