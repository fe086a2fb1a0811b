import { loadConfigOrExit } from '../../src/config/index.ts';
import { createContainer } from '../../src/container.ts';

// Asks for one mail and relays, until it crashes where CRASH_AT says.
const [name = ''] = process.argv.slice(2);
const container = createContainer(loadConfigOrExit(), 'crashing-relay');
await container.database().connect();
const relay = container.relay();
await container.queue().sendEmail({ to: `${name}@example.test`, subject: name, body: 'x' });
relay.start();
