import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Fired on an answer that is waited for no longer: the server ends. Whoever listens may still answer at once. */
export const GIVEN_UP = Symbol('given up');

/** The connections of a server, so that each can be ended by an answer that says so, and none under a request. */
export class OpenConnections {
  readonly #latest = new Map<Socket, ServerResponse | undefined>();
  #areEnding = false;

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#latest.set(socket, undefined);
      socket.once('close', () => this.#latest.delete(socket));
    });
  }

  /** To be told of each answer before it begins. */
  onAnswer(answer: ServerResponse): void {
    if (this.#areEnding) answer.shouldKeepAlive = false;
    this.#latest.set(answer.req.socket, answer);
  }

  /**
   * From now on each answer says `Connection: close`, those under way too, unless their head is out. A client that is
   * told does not send its next request just as the connection is closed.
   */
  endWithNextAnswer(): void {
    this.#areEnding = true;
    for (const answer of this.#latest.values()) if (answer !== undefined) answer.shouldKeepAlive = false;
  }
  /** Tells the answers that have not begun that they are given up. */
  giveUp(): void {
    for (const answer of this.#latest.values()) if (answer?.headersSent === false) answer.emit(GIVEN_UP);
  }
}
