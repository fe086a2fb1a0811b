import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Fired on an answer that is waited for no longer: the server ends. Whoever listens may still answer at once. */
export const GIVEN_UP = Symbol('given up');

/** The connections of a server, so that each can be ended by an answer that says so, and none under a request. */
export class OpenConnections {
  readonly #sockets = new Set<Socket>();
  #areEnding = false;

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** To be told of each answer before it begins. */
  onAnswer(answer: ServerResponse): void {
    if (this.#areEnding) answer.shouldKeepAlive = false;
  }

  /**
   * From now on each answer says `Connection: close`, those under way too, unless their head is out. A client that is
   * told does not send its next request just as the connection is closed.
   */
  endWithNextAnswer(): void {
    this.#areEnding = true;
    for (const answer of this.#underWay()) answer.shouldKeepAlive = false;
  }

  /** Tells the answers that have not begun that they are given up. */
  giveUp(): void {
    for (const answer of this.#underWay()) if (!answer.headersSent) answer.emit(GIVEN_UP);
  }

  /** By a field of Node's that is not documented: to keep account of each answer would cost every request something. */
  #underWay(): ServerResponse[] {
    return Array.from(this.#sockets, (socket: Socket & { _httpMessage?: ServerResponse | null }) => socket).flatMap(
      ({ _httpMessage: answer }) => answer ?? [],
    );
  }
}
