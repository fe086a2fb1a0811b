import base from './jest.config.js';

/** Suites that take minutes: each has a command of its own. */
export default { ...base, testMatch: ['**/*.long.ts'], maxWorkers: 1 };
