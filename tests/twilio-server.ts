import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A message as a server that speaks Twilio's API keeps it. */
export interface TakenSms {
  readonly sid: string;
  readonly to: string;
  readonly body: string;
  readonly from: string | null;
  readonly messagingServiceSid: string | null;
  readonly statusCallback: string;
  readonly authorization: string;
}

/** How the server answers a message that is handed over. Whether it takes it says the first word. */
export type Fault =
  | { readonly taken: boolean; readonly then: 'drop' | 'stall' }
  | {
      readonly taken: boolean;
      readonly then: 'answer';
      readonly status: number;
      readonly body: string;
      readonly retryAfter?: number;
    };

export interface TwilioServer {
  readonly url: string;
  readonly taken: readonly TakenSms[];
  readonly requests: readonly string[];
  /** What happens to the next ones handed over, in turn; afterwards all goes well again. */
  fail(...faults: readonly Fault[]): void;
  close(): Promise<void>;
}

export const refusal = (status: number, code: number, retryAfter?: number): Fault => ({
  taken: false,
  then: 'answer',
  status,
  body: JSON.stringify({ code, message: 'No', status }),
  ...(retryAfter !== undefined && { retryAfter }),
});

/** Twilio's messages, 2010-04-01, as far as they are used here, with the faults that a test asks for. */
export async function startTwilioServer(): Promise<TwilioServer> {
  const taken: TakenSms[] = [];
  const requests: string[] = [];
  const faults: Fault[] = [];
  const server = createServer((req, res) => {
    requests.push(`${req.method ?? ''} ${req.url ?? ''}`);
    if (req.method === 'GET') list(req, res, taken);
    else void take(req, res, taken, faults.shift());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    taken,
    requests,
    fail: (...next) => {
      faults.push(...next);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function take(req: IncomingMessage, res: ServerResponse, taken: TakenSms[], fault: Fault | undefined) {
  const form = new URLSearchParams(await text(req));
  const message: TakenSms = {
    sid: `SM${String(taken.length).padStart(32, '0')}`,
    to: form.get('To') ?? '',
    body: form.get('Body') ?? '',
    from: form.get('From'),
    messagingServiceSid: form.get('MessagingServiceSid'),
    statusCallback: form.get('StatusCallback') ?? '',
    authorization: req.headers.authorization ?? '',
  };
  if (fault?.taken !== false) taken.push(message);
  if (fault === undefined) send(res, 201, JSON.stringify({ sid: message.sid, status: 'queued' }));
  else if (fault.then === 'drop') req.socket.destroy();
  else if (fault.then === 'answer') send(res, fault.status, fault.body, fault.retryAfter);
}

function list(req: IncomingMessage, res: ServerResponse, taken: readonly TakenSms[]): void {
  const { searchParams } = new URL(req.url ?? '', 'http://localhost');
  const messages = taken
    .filter(({ to }) => to === searchParams.get('To'))
    .map(({ sid, to, body }) => ({ sid, to, body, date_created: new Date().toUTCString() }));
  send(res, 200, JSON.stringify({ messages }));
}

function send(res: ServerResponse, status: number, body: string, retryAfter?: number): void {
  const headers = {
    'content-type': 'application/json',
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
  };
  res.writeHead(status, headers).end(body);
}
