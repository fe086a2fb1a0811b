const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'the port is not for everybody',
};

/** Where a process was told to listen. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** What names the port. */
  readonly variable: string;
}

/** Ends a process that cannot listen where it was told to, with 1 and a line for whoever started it. */
export function exitUnheard({ host, port, variable }: Place, error: unknown): never {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const reason = REASONS[code] ?? message;
  process.stderr.write(`Cannot listen at HOST ${host}, ${variable} ${String(port)}: ${reason}\n`);
  process.exit(1);
}
