// A wire between browser and server that can be cut.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Wire {
  #sockets = new Set();
  #isCut = false;

  static async to(server) {
    const wire = new Wire();
    wire.server = server;
    wire.listener = createServer((near) => {
      const { hostname, port } = new URL(wire.server.url);
      wire.#join(near, connect(Number(port), hostname));
    });
    wire.listener.listen(0, '127.0.0.1');
    await once(wire.listener, 'listening');
    wire.url = `http://127.0.0.1:${wire.listener.address().port}`;
    return wire;
  }

  #join(near, far) {
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      // A socket that was cut has nothing more to tell.
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    if (this.#isCut) return near.destroy();
    near.pipe(far).pipe(near);
  }

  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Joins the ends again, or the browser's end with another server. */
  mend(server = this.server) {
    this.server = server;
    this.#isCut = false;
  }

  async close() {
    this.cut();
    this.listener.close();
    await once(this.listener, 'close');
  }
}
