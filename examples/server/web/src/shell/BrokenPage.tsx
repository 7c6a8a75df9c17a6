/** The last resort, when the page itself has an error. */
export function BrokenPage() {
  return (
    <main className="broken-page" role="alert">
      <div className="welcome">
        <h1>Something went wrong on this page</h1>
        <p>Your chats are kept on the server, and an answer that runs goes on there.</p>
        <button type="button" className="button primary" onClick={() => location.reload()}>
          Load the page again
        </button>
      </div>
    </main>
  );
}
