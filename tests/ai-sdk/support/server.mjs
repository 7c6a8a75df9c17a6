// The real server, on a port that the system chooses and a data folder of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';

const root = resolve(fileURLToPath(import.meta.url), '../../../..');
const startLimit = 30_000;
const endLimit = 15_000;

/** Keys that would make the server ask a real model, and settings of the developer's own server. */
const isOurs = ([name]) => !/^(SCORPIO_|OPENAI_|ANTHROPIC_|GEMINI_|GOOGLE_|OLLAMA_|RUST_LOG$)/.test(name);

export class Server {
  #child;
  #log = [];

  /**
   * Starts the server with these flags. With the folder of an earlier server it goes on where that one ended. `models` is
   * what its file of models says; without it the demo answers.
   */
  static async start({ flags = [], folder, models } = {}) {
    const server = new Server();
    server.folder = folder ?? (await mkdtemp(join(tmpdir(), 'scorpio-test-')));
    const file = join(server.folder, 'models.toml');
    if (models !== undefined) await writeFile(file, models);
    const choice = models === undefined ? { SCORPIO_MODEL: 'scripted:demo' } : { SCORPIO_MODELS: file };
    await server.#spawn(flags, choice);
    return server;
  }

  async #spawn(flags, choice) {
    const binary = process.env.SCORPIO_SERVER_BIN ?? join(root, 'target/debug/scorpio-server');
    const env = {
      ...Object.fromEntries(Object.entries(process.env).filter(isOurs)),
      SCORPIO_ADDR: '127.0.0.1:0',
      SCORPIO_DATA: this.folder,
      ...choice,
      SCORPIO_SHUTDOWN_SECONDS: '0',
    };
    this.#child = spawn(binary, flags, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const kill = () => this.#child.kill('SIGKILL');
    process.once('exit', kill);
    this.#child.once('exit', () => process.off('exit', kill));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#log.push(line));
    }
    this.url = await this.#address();
  }

  async #address() {
    const until = AbortSignal.timeout(startLimit);
    const address = new Promise((found) => {
      this.#child.stdout.on('data', () => {
        const match = /https?:\/\/\S+:\d+/.exec(this.#log.join('\n'));
        if (match) found(match[0]);
      });
    });
    const failure = Promise.race([
      once(this.#child, 'error', { signal: until }).then(([error]) => error.message),
      once(this.#child, 'exit', { signal: until }).then(([code]) => `it ended with code ${code}`),
    ]);
    const failed = failure
      .catch(() => `it did not say where it listens within ${startLimit} ms`)
      .then((why) => {
        throw new Error(`the server did not start: ${why}\n${this.log}`);
      });
    return Promise.race([address, failed]);
  }

  /** What the server has said. */
  get log() {
    return this.#log.join('\n');
  }

  /** Ends the server in good order. Its folder stays. */
  end() {
    return this.#end('SIGTERM');
  }

  /** Ends the server as a power cut would. Its folder stays. */
  kill() {
    return this.#end('SIGKILL');
  }

  /** Ends the server and removes its folder. */
  async stop() {
    await this.end();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #end(signal) {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    const late = setTimeout(() => this.#child.kill('SIGKILL'), endLimit);
    const [code, by] = await ended;
    clearTimeout(late);
    if (by !== null && by !== signal && signal !== 'SIGKILL')
      throw new Error(`the server had to be killed\n${this.log}`);
    if (code !== null && code !== 0) throw new Error(`the server ended with code ${code}\n${this.log}`);
  }
}
