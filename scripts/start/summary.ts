import type { DemoLogin } from '../seed/contract.ts';
import type { Settings } from './settings.ts';
import { table } from './terminal.ts';

/** What a newcomer wants to know once everything is up. */
export function summaryOf(
  { apiUrl, workerUrl, queueBoardUrl, own, database }: Settings,
  dataPath: string,
  logins: readonly DemoLogin[],
): string {
  const mails = own.mail === undefined ? [] : ([['Mails sent', `${apiUrl}/ops/mail`]] as const);
  return table([
    [
      'Open',
      [
        ['Documentation', `${apiUrl}/docs`],
        ['API', `${apiUrl}/api, followed by a path of the documentation`],
        ['Health', `${apiUrl}/health`],
        ['Workers', `${workerUrl}/health, /metrics`],
        ['Queue board', queueBoardUrl],
        ...mails,
      ],
    ],
    ...(logins.length === 0
      ? []
      : [
          [
            'Demo logins',
            logins.map(({ role, email, password }) => [role, `${email.padEnd(24)}${password}`] as const),
          ] as const,
        ]),
    [
      'Data',
      [
        ['Lies in', dataPath],
        ['Database', own.database === undefined ? 'yours' : `durable, one node: ${database.uri}`],
        ['Queues', own.queueRedis === undefined ? 'yours' : 'durable to within a second'],
        ['Cache', own.cacheRedis === undefined ? 'yours' : 'gone at every stop, as it should be'],
        ['Logs', `${dataPath}/logs, of this run only`],
      ],
    ],
    [
      'Next',
      [
        ['Stop', 'Ctrl-C'],
        ['Begin anew', 'npm start -- --fresh'],
        ['A worker more', `npx node --env-file=${dataPath}/processes.env workers/main.ts email`],
        ['Production', 'set the variables marked (production) in .env.example, then npm run build,'],
        ['', 'npm run migrate -- apply, npm run start:prod and npm run worker -- <kinds>, docs/operation.md;'],
        ['', 'or docker compose up'],
      ],
    ],
  ]);
}
